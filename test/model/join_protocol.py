#!/usr/bin/env python3
"""Model of joins (store/inflight.h): does the protocol emit every product of the transactions' signed rows exactly once?

Random interleavings of transactions over V = R0 JOIN R1 JOIN … (chains of keys, self joins too). A transaction captures signed rows; then takes S, and
either registers (rows and header), evaluates its terms and publishes; or, optimistically, looks for headers (as of
position p), evaluates, and registers and publishes in one, if nobody who matters has registered since; else the first way. It may register several
times (captures after the first publication), may have lost the rows of a relation (then it, and who meets it, invalidates the view as of itself and of those it has met), commits or aborts or stays prepared while the
store is lost in a crash. Others' rows are read when they are evaluated, not at registration; entries are pruned below the horizon. Some rebuild the view first. After every step each snapshot
taken so far reads exactly the join of what it sees, and so does each open transaction for itself.
usage: join_protocol.py [rounds] [seed] [--break RULE]
RULE: late-snapshot (S after the header) | no-inflight | own-tag-only | early-prune | rebuild-with-own | no-position | no-check (optimistic) |
      changed-only (others and check in the changed relations only) | one-publication (own earlier rows are not among the others) | no-lost (whoever meets a lost relation evaluates) |
      own-invalidation-only (not of those met) | no-birth (rows that went with the old store are not missed)
"""
import random, sys
from collections import Counter

args = [a for a in sys.argv[1:] if not a.startswith('--')]
BREAK = sys.argv[sys.argv.index('--break') + 1] if '--break' in sys.argv else ''
if BREAK: args = [a for a in args if a != BREAK]
ROUNDS, SEED = int(args[0]) if args else 5000, int(args[1]) if len(args) > 1 else 1
NONE = frozenset()
STATS = Counter()

class Txn:
    def __init__(self, xid, rr, S):
        self.xid, self.repeatable, self.begun, self.state, self.rebuilt = xid, rr, S, 'active', False
        self.rows, self.all, self.registered = Counter(), Counter(), False   # not yet registered; all
        self.S, self.pos, self.lost, self.prepared = None, None, set(), False

def join(parts):
    """One list of (row, sign, tag) per occurrence; a row is (left key, right key), the right key of one meets the left key of the next."""
    acc = [((), 1, NONE)]
    for p in parts: acc = [(t + (row,), s * sg, tag | tg) for t, s, tag in acc for row, sg, tg in p if not t or t[-1][1] == row[0]]
    return acc

class World:
    def __init__(self, rng):
        self.rng, self.n = rng, rng.choice([2, 2, 3, 4])
        self.occ = [rng.randrange(self.n) for _ in range(self.n)] if rng.random() < .3 else list(range(self.n))   # occurrence -> relation
        self.rels = sorted(set(self.occ)); self.txns, self.committed, self.aborted = [], [], set()
        self.outputs, self.snaps, self.invalid = Counter(), [NONE], set()
        self.headers, self.position, self.last = [], 0, {}   # (position, xid, {relation: lost}, rows)
        self.gens, self.birth = [(0, NONE, Counter())], set()   # (maker, B, base); prepared ones older than the store
    def now(self): return frozenset(self.committed)
    def sees(self, S, rel):
        c = Counter()
        for t in self.txns:
            if t.xid in S:
                for (r, row), s in t.all.items():
                    if r == rel: c[row] += s
        return c
    def partners(self, t, mine):
        changed = {r for (r, _), s in mine.items() if s} | t.lost
        if BREAK == 'changed-only': return changed
        return {self.occ[j] for i in range(self.n) for j in range(self.n) if i != j and self.occ[i] in changed}
    def terms(self, S, t, mine, others):                     # before i: old + own, i: own, after i: old; old = what S sees without own changes, + inflight
        def old(rel): return [(row, s, NONE) for row, s in self.sees(S, rel).items() if s] + [(row, s, frozenset([x])) for x, r, row, s in others if r == rel]
        def own(rel): return [(row, s, NONE) for (r, row), s in mine.items() if r == rel and s]
        out = Counter()
        for i in range(self.n):
            if not own(self.occ[i]): continue
            for tup, s, tag in join([old(r) + own(r) if j < i else own(r) if j == i else old(r) for j, r in enumerate(self.occ)]):
                out[(tup, frozenset([t.xid]) | (NONE if BREAK == 'own-tag-only' else tag))] += s
        return out
    def query(self, S, t=None):
        def rows(rel):
            c = self.sees(S, rel)
            for (r, row), s in (t.all.items() if t else ()):
                if r == rel: c[row] += s
            return [(row, s, NONE) for row, s in c.items() if s]
        c = Counter()
        for tup, s, _ in join([rows(r) for r in self.occ]): c[tup] += s
        return {k: v for k, v in c.items() if v}
    def read(self, S, t=None):
        gens = [g for g in self.gens if g[0] == 0 or g[0] in S or t and g[0] == t.xid]
        if not gens: return self.query(S, t)
        maker, B, base = gens[-1]
        if any(x not in B for x in self.invalid if x in S or t and x == t.xid): return self.query(S, t)
        if t and maker == t.xid and not B <= S: return self.query(S, t)          # its own base is newer than its snapshot: live
        STATS['stored reads'] += 1
        if t and t.registered: return self.query(S, t)       # after the first publication: not the question here
        c = Counter(base)
        for (tup, tag), s in self.outputs.items():
            if tag <= S and not tag <= B: c[tup] += s
        if t:
            for (tup, _), s in self.terms(S, t, t.all, []).items(): c[tup] += s
        return {k: v for k, v in c.items() if v}
    def change(self, t):
        rel, rng = self.rng.choice(self.rels), self.rng
        mine, latest = self.sees(t.begun if t.repeatable else self.now(), rel), self.sees(self.now(), rel)
        for c in (mine, latest):
            for (r, row), s in t.all.items():
                if r == rel: c[row] += s
        locked = {(r, row) for o in self.txns if o is not t and o.state != 'done' for (r, row), s in o.all.items() if s < 0}
        alive = [row for row, k in mine.items() if k > 0 and latest[row] > 0 and (rel, row) not in locked]
        if alive and rng.random() < .4: key, s = (rel, rng.choice(alive)), -1
        else: key, s = (rel, (rng.randrange(2), rng.randrange(2))), 1
        t.rows[key] += s; t.all[key] += s
    def rebuild(self, t):                                    # the base is V under B without t's own rows; these stay captured
        if any(o.rebuilt and o.state != 'done' for o in self.txns): return
        B = self.now()
        if any(o.xid in self.birth and o.state != 'done' for o in self.txns): return
        t.rebuilt = True
        self.gens.append((t.xid, B, Counter(self.query(B, t if BREAK == 'rebuild-with-own' else None))))
    def prune(self):                                         # below the horizon; S of whoever evaluates holds it back
        # (a rebuild's B and readers hold it back too, and need not)
        held = [t.S for t in self.txns if t.state in ('starting', 'registered', 'looking', 'looked', 'evaluated')]
        low = [t.xid for t in self.txns if t.state == 'done' and (BREAK == 'early-prune' or all(t.xid in S or t.xid in self.aborted for S in held))]
        self.headers = [h for h in self.headers if h[1] not in low]
    def header(self, t):
        self.position += 1; t.pos = self.position; t.registered = True
        rels = {r for (r, _), s in t.rows.items() if s} | t.lost
        self.headers.append((t.pos, t.xid, {r: r in t.lost for r in rels}, [(r, row, s) for (r, row), s in t.rows.items() if s and r not in t.lost]))
        for r in rels: self.last[r] = t.pos
    def register(self, t):                                   # one critical section
        self.header(t); t.state = 'registered'
    def late(self, t):                                       # broken: S once the header is there
        if BREAK == 'late-snapshot': t.S = self.now()
    def others(self, t, mine):
        """Rows of the others; whether some are lost."""
        rows, partners, lost = [], self.partners(t, mine), False
        t.met = set()
        for pos, x, rels, hrows in self.headers:
            if (pos >= t.pos and BREAK != 'no-position') or x in t.S or x in self.aborted: continue
            if x == t.xid and (pos == t.pos or BREAK == 'one-publication'): continue
            if BREAK != 'no-lost' and any(l and r in partners for r, l in rels.items()): lost = True
            if any(r in partners for r in rels): t.met.add(x)
            rows += [(x, r, row, s) for r, row, s in hrows if r in partners]
        if BREAK != 'no-birth' and any(x not in t.S and x not in self.aborted for x in self.birth): lost = True
        return rows, lost
    def evaluated(self, t):
        """What to publish: outputs, or None: invalidate the view."""
        o, lost = self.others(t, t.rows)
        if lost or t.lost: return None
        return self.terms(t.S, t, t.rows, [] if BREAK == 'no-inflight' else o)
    def write(self, t, out):
        if out is None: self.invalid |= {t.xid} | (set() if BREAK == 'own-invalidation-only' else t.met); STATS['invalidated'] += 1
        else:
            for k, v in out.items(): self.outputs[k] += v
        t.rows = Counter(); t.state = 'written'
    def publish(self, t):                                    # the optimistic form's end, one critical section
        if BREAK != 'no-check' and any(self.last.get(r, 0) >= t.pos for r in self.partners(t, t.rows)):
            STATS['refused'] += 1; t.S, t.state = self.now(), 'starting'; return
        STATS['optimistic'] += 1
        out = t.out; self.header(t); self.write(t, out)
    def crash(self):                                         # prepared ones stay, and what has committed; the store goes
        for t in self.txns:
            if t.state != 'done' and not t.prepared: self.abort(t)
        self.birth = {t.xid for t in self.txns if t.state != 'done'}
        self.outputs, self.invalid, self.headers, self.last, self.gens = Counter(), set(), [], {}, []
        STATS['crashes'] += 1
    def step(self):
        live = [t for t in self.txns if t.state != 'done']
        if self.rng.random() < .1: self.prune(); return True
        if self.rng.random() < .02: self.crash(); return True
        if len(live) < 3 and len(self.txns) < 7 and self.rng.random() < .5 or not live:
            if len(self.txns) >= 7: return False
            t = Txn(len(self.txns) + 1, self.rng.random() < .3, self.now()); self.txns.append(t)
            self.rebuild(t) if self.rng.random() < .15 else self.change(t); return True
        t, q = self.rng.choice(live), self.rng.random()
        if t.prepared: self.finish(t) if q < .5 else None
        elif t.state == 'active':
            if q < .4: self.change(t)
            elif q < .5: self.rebuild(t)
            else: self.begin_publication(t, q)
        elif q < .05: self.abort(t)
        elif t.state == 'starting': self.register(t)
        elif t.state == 'registered': self.late(t); self.write(t, self.evaluated(t))
        elif t.state == 'looking': t.pos = self.position + 1; t.state = 'looked'
        elif t.state == 'looked': t.out = self.evaluated(t); t.state = 'evaluated'
        elif t.state == 'evaluated': self.publish(t)
        elif q < .15 and not t.prepared: self.change(t); self.begin_publication(t, self.rng.random())   # captured after our callback had run
        elif q < .4: t.prepared = True
        else: self.finish(t)
        return True
    def begin_publication(self, t, q):
        t.S, t.lost = self.now(), set()
        if self.rng.random() < .1: t.lost = {r for (r, _), s in t.rows.items() if s}
        t.state = 'starting' if int(q * 100) % 2 else 'looking'
    def finish(self, t):
        if self.rng.random() < .2: self.abort(t)
        else: t.state = 'done'; self.committed.append(t.xid); self.snaps.append(self.now())
    def abort(self, t):
        t.state = 'done'; self.aborted.add(t.xid); self.gens = [g for g in self.gens if g[0] != t.xid]
    def check(self):
        for S, t in [(S, None) for S in self.snaps] + [(t.begun if t.repeatable else self.now(), t) for t in self.txns if t.state == 'active']:
            want, got = self.query(S, t), self.read(S, t)
            if want != got: return S, t.xid if t else 'nobody', want, got

for r in range(ROUNDS):
    w = World(random.Random(SEED * 1000003 + r))
    while w.step():
        bad = w.check()
        if bad: print('round %d: snapshot %s inside %s wants %s, got %s' % ((r, sorted(bad[0])) + bad[1:])); sys.exit(1)
print('%d random histories: every snapshot read exactly its join (%s)' % (ROUNDS, ', '.join('%d %s' % (v, k) for k, v in sorted(STATS.items()))))
