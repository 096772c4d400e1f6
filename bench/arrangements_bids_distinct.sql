-- The counts and distinct counts of Nexmark's queries 15 and 16.
CREATE FOREIGN TABLE per_channel (channel int, bids bigint, bids1 bigint, bids2 bigint, bids3 bigint, bidders bigint, bidders1 bigint, bidders2 bigint,
	bidders3 bigint, auctions bigint, auctions1 bigint, auctions2 bigint, auctions3 bigint) SERVER ivm OPTIONS (query '
	SELECT channel, count(*), count(*) FILTER (WHERE price < 10000), count(*) FILTER (WHERE price >= 10000 AND price < 1000000), count(*) FILTER (WHERE price >= 1000000),
		count(DISTINCT bidder), count(DISTINCT bidder) FILTER (WHERE price < 10000),
		count(DISTINCT bidder) FILTER (WHERE price >= 10000 AND price < 1000000), count(DISTINCT bidder) FILTER (WHERE price >= 1000000),
		count(DISTINCT auction), count(DISTINCT auction) FILTER (WHERE price < 10000),
		count(DISTINCT auction) FILTER (WHERE price >= 10000 AND price < 1000000), count(DISTINCT auction) FILTER (WHERE price >= 1000000)
	FROM bid GROUP BY channel');
SELECT ivm_fdw_rebuild('per_channel');
