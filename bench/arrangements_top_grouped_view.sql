SELECT id, x FROM view_top_grouped WHERE g = 1;
