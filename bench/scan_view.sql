SELECT count(*), sum(n), sum(total) FROM the_view;
