\set auction random(1, 1000)
\set bidder random(1, 10000)
\set price random(1, 3000000)
\set channel random(1, 100)
INSERT INTO bid (auction, bidder, price, channel) VALUES (:auction, :bidder, :price, :channel);
