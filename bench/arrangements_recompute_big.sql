SELECT min(x), max(x) FROM max_big WHERE g = 1;
