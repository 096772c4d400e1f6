#!/usr/bin/env python3
"""Model of fingerprints (src/README.md): TRUNCATE, uncaptured writes and re-made triggers beside writers, folds, rebuilds, old snapshots.

One view (a sum) over one table. The table has storages (relfilenodes); the catalogs name the current storage and the current capture trigger
(both transactional). A query reads, of the storage that the reader's catalogs name, the rows that its snapshot sees: so TRUNCATE is not MVCC-safe,
as in PostgreSQL. A generation remembers the (storage, trigger) under which it was built and serves only readers whose catalogs say the same.
usage: fingerprint_protocol.py [rounds] [seed] [--break RULE]
RULE: no-fingerprint | same-trigger (ENABLE makes no new trigger) | keep-captured (TRUNCATE leaves the captured rows) | no-marker | late-lock
"""
import random, sys
args = [a for a in sys.argv[1:] if not a.startswith('--')]
BREAK = sys.argv[sys.argv.index('--break') + 1] if '--break' in sys.argv else ''
if BREAK: args = [a for a in args if a != BREAK]
ROUNDS, SEED = int(args[0]) if args else 20000, int(args[1]) if len(args) > 1 else 1

class World:
    def __init__(self, rng):
        self.rng, self.n, self.next, self.number = rng, 0, 1, 0
        self.order, self.status, self.snaps = [], {}, []
        self.rows = []                                       # (storage, xid, value)
        self.cat = dict(storage=0, trigger=0)                # committed catalogs; trigger None: disabled
        self.own = {}                                        # xid -> its uncommitted catalogs (it holds the exclusive lock)
        self.overlay, self.made, self.wrote = {}, {}, set()
        self.gens, self.deltas, self.markers = [], [], set()
        self.live = self.reads = 0
    def fresh(self): self.n += 1; return self.n
    def now(self): return frozenset(self.order)
    def open(self): return [x for x, s in self.status.items() if s in ('active', 'published')]
    def catalogs(self, x): return self.own.get(x, self.cat)
    def query(self, S, x):
        c = self.catalogs(x)
        return sum(v for st, y, v in self.rows if st == c['storage'] and (y in S or y == x))
    def fp(self, x):
        c = self.catalogs(x)
        return None if c['trigger'] is None else (c['storage'], c['trigger'])
    def read(self, S, x):
        self.reads += 1
        fp = self.fp(x)
        gens = [g for g in self.gens if g['maker'] in S] + ([self.made[x]] if x in self.made else [])
        g = gens[-1] if gens else None
        usable = g and fp and (BREAK == 'no-fingerprint' or g['fp'] == fp) and (g['maker'] != x or g['B'] <= S)
        if not usable: self.live += 1; return self.query(S, x)
        mine = self.overlay.get(x, 0) if self.status.get(x) == 'active' else 0
        return g['base'] + sum(v for y, v in self.deltas if (y in S or y == x) and y not in g['B']) + mine
    def everyone_sees(self, x): return all(x in S for S in self.snaps + [self.now()])
    def fold(self):
        self.markers = {x for x in self.markers if x in self.open()}
        self.gens = [g for g in self.gens if self.status.get(g['maker']) != 'aborted']
        for i in range(len(self.gens) - 1, 0, -1):
            if self.gens[i]['maker'] in self.order and self.everyone_sees(self.gens[i]['maker']): self.gens = self.gens[i:]; break
        if (self.markers and BREAK != 'no-marker') or len(self.gens) > 1: return
        rest = []
        for x, v in self.deltas:
            if self.status[x] == 'aborted': continue
            if self.status[x] == 'committed' and self.everyone_sees(x):
                if self.gens and x not in self.gens[0]['B']: self.gens[0]['base'] += v
            else: rest.append((x, v))
        self.deltas = rest
    def alone(self, x): return BREAK == 'late-lock' or not any(y in self.wrote or y in self.own for y in self.open() if y != x)
    def locked_out(self, x): return any(y in self.own for y in self.open() if y != x)
    def generation(self, x, base):
        self.markers.add(x); self.number += 1
        self.made[x] = dict(maker=x, B=self.now(), base=base, fp=self.fp(x))
    def act(self, x):
        r, c = self.rng.random(), self.catalogs(x)
        if r < .5:
            if self.locked_out(x): return
            v = self.rng.randrange(1, 1000); self.rows.append((c['storage'], x, v)); self.wrote.add(x)
            if c['trigger'] is not None: self.overlay[x] += v
        elif r < .6 and self.alone(x):                       # TRUNCATE: new storage, captured rows are void, an empty generation
            self.own[x] = dict(c, storage=self.fresh())
            if BREAK != 'keep-captured': self.overlay[x] = 0
            if self.fp(x) and not self.rebuilding(x): self.generation(x, 0)
        elif r < .7 and self.alone(x): self.own[x] = dict(c, trigger=None)                           # DISABLE TRIGGER
        elif r < .8 and self.alone(x) and c['trigger'] is None:                                      # ENABLE: a new trigger
            self.own[x] = dict(c, trigger=0 if BREAK == 'same-trigger' else self.fresh())
        elif r < .9 and not self.locked_out(x) and x not in self.own and not self.rebuilding(x) and self.fp(x):       # rebuild: leaves out own changes
            B = self.now()
            self.generation(x, sum(v for st, y, v in self.rows if st == c['storage'] and y in B)); self.wrote.add(x)
    def rebuilding(self, x): return any(y in self.made for y in self.open() if y != x)
    def end(self, x, s):
        self.status[x] = s
        if s == 'committed':
            self.order.append(x)
            if x in self.own: self.cat = self.own[x]
        self.own.pop(x, None); self.made.pop(x, None)
    def step(self):
        r, mine = self.rng.random(), self.open()
        if r < .2 and len(mine) < 3: x = self.next; self.next += 1; self.status[x], self.overlay[x] = 'active', 0
        elif r < .8 and mine:
            x = self.rng.choice(mine)
            if self.status[x] == 'published': self.end(x, 'aborted' if self.rng.random() < .2 else 'committed')
            elif self.rng.random() < .6: self.act(x)
            elif self.rng.random() < .15: self.end(x, 'aborted')
            else:
                self.status[x] = 'published'
                if x in self.made: self.gens.append(dict(self.made[x]))
                if self.overlay[x]: self.deltas.append((x, self.overlay[x]))
                self.made.pop(x, None)
        elif r < .86: self.snaps.append(self.now())
        elif r < .92 and self.snaps: self.snaps.pop(self.rng.randrange(len(self.snaps)))
        else: self.fold()
    def check(self):
        for S, x in [(S, 0) for S in self.snaps + [self.now()]] + [(self.now(), x) for x in self.open() if self.status[x] == 'active']:
            if self.locked_out(x) and x == 0: continue       # a reader would wait for the lock
            want, got = self.query(S, x), self.read(S, x)
            if want != got: return sorted(S), x, want, got

live = reads = 0
for r in range(ROUNDS):
    w = World(random.Random(SEED * 1000003 + r))
    for i in range(60):
        w.step(); bad = w.check()
        if bad: print('round %d step %d: snapshot %s inside %d wants %d, reads %d' % ((r, i) + bad)); sys.exit(1)
    live += w.live; reads += w.reads
print('%d random histories, %d reads (%d%% from the store): every snapshot read exactly its query' % (ROUNDS, reads, 100 - 100 * live // reads))
