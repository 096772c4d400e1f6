SELECT min(x), max(x) FROM max_small WHERE g = 1;
