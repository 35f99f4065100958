# supervisor.c: it does not notice that the clock was set
# caught by: limits-clock
/^look_at_clock(/,/^}/s/scout_clock_set(&sv->scout);/;/
