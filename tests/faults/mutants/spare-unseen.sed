# sink.c: an output that was kept is used only while its name means it
# caught by: unit sink
/^take_spare(/,/^}/s/is_made(&st, &k->made\[i\])/k->made[i].st_ino != 0/
