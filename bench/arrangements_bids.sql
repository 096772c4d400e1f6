-- The bids of Nexmark's queries 15 and 16: 200,000 of them over 100 channels.
CREATE EXTENSION ivm_fdw;
CREATE TABLE bid (id bigserial PRIMARY KEY, auction int NOT NULL, bidder int NOT NULL, price bigint NOT NULL, channel int NOT NULL);
INSERT INTO bid (auction, bidder, price, channel)
	SELECT i * 7919 % 1000 + 1, i * 104729::bigint % 10000 + 1, (i * 15485863::bigint) % 3000000, i % 100 + 1 FROM generate_series(1, 200000) i;
VACUUM ANALYZE bid;
