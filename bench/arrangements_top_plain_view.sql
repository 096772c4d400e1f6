SELECT id, x FROM view_top_plain;
