-- A plain count.
CREATE FOREIGN TABLE per_channel (channel int, bids bigint) SERVER ivm OPTIONS (query 'SELECT channel, count(*) FROM bid GROUP BY channel');
SELECT ivm_fdw_rebuild('per_channel');
