package billing

import (
	"hash/maphash"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
)

// userBook deals the rows of a report out by user into shards. It is built for a
// million rows: shards are added up side by side, and what that takes fits the
// cache of a CPU and is used again for the next shard.
type userBook struct {
	period Period
	seed   maphash.Seed
	shards [userShards][]userRow
}

const userShards = 32

// userRow is a row with what is known of it already.
type userRow struct {
	row  *UsageRow
	in   int32 // number of the cell in the book
	hash uint32
}

// newUserBook makes a book for about so many rows.
func newUserBook(p Period, rows int) *userBook {
	b := &userBook{period: p, seed: maphash.MakeSeed()}
	for i := range b.shards {
		b.shards[i] = make([]userRow, 0, rows/userShards+rows/userShards/16+1)
	}
	return b
}

func (b *userBook) take(c *cell, row *UsageRow) {
	hash := maphash.String(b.seed, row.User)
	shard := &b.shards[hash%userShards]
	*shard = append(*shard, userRow{row, c.number, uint32(hash >> 32)})
}

// eachUser gives the uses of each user, valid until the next, and a row of the
// user to the functions that check makes. They run side by side.
func (b *userBook) eachUser(check func() func(*UsageRow, []userUse)) {
	var next atomic.Int32
	var running sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		see := check()
		running.Go(func() {
			var sums userSums
			for i := next.Add(1) - 1; i < userShards; i = next.Add(1) - 1 {
				sums.addUp(b.shards[i], b.period)
				sums.each(see)
			}
		})
	}
	running.Wait()
}

// userSums is the usage of the users of a shard by package. Users are numbers, and
// the packages of a user are a list inside one slice.
type userSums struct {
	rows  []userRow
	index userIndex
	first []int32 // of each user's uses
	uses  []userUse
	one   []userUse // of the user that each gives
}

// userUse is what one user was metered for one package.
type userUse struct {
	in   int32 // number of the cell in the book
	next int32 // the user's next use, -1 = none
	row  int32 // of the shard, the first that is about the use
	days uint64
	sum  Count
}

// addUp adds up a shard; what was added up before is forgotten.
func (s *userSums) addUp(rows []userRow, p Period) {
	s.rows, s.first, s.uses = rows, s.first[:0], s.uses[:0]
	s.index.reset(len(rows))
	for i := range rows {
		row := rows[i].row
		n := s.index.number(rows, int32(i))
		if int(n) == len(s.first) {
			s.first = append(s.first, -1)
		}
		use := s.use(n, int32(i))
		use.sum += row.Count
		if since := row.Day - p.First; row.Day != 0 && row.Count > 0 && since >= 0 && since < 64 {
			use.days |= 1 << since
		}
	}
}

// use finds or makes the use of a row's package by a user.
func (s *userSums) use(n, row int32) *userUse {
	in := s.rows[row].in
	for i := s.first[n]; i >= 0; i = s.uses[i].next {
		if s.uses[i].in == in {
			return &s.uses[i]
		}
	}
	s.uses = append(s.uses, userUse{in: in, next: s.first[n], row: row})
	s.first[n] = int32(len(s.uses) - 1)
	return &s.uses[s.first[n]]
}

func (s *userSums) each(see func(*UsageRow, []userUse)) {
	for _, at := range s.first {
		s.one = s.one[:0]
		for ; at >= 0; at = s.uses[at].next {
			s.one = append(s.one, s.uses[at])
		}
		see(s.rows[s.one[0].row].row, s.one)
	}
}

// userIndex numbers the users of rows in the order of their appearance. It does
// what a map does in a third of the time: a slot has half of the name's hash, so
// that a name is looked at only where it is almost surely the right one.
type userIndex struct {
	slots []userSlot
	users int32
}

// userSlot is one user.
type userSlot struct {
	hash   uint32
	row    int32 // a row of the user's + 1; 0 = free
	number int32
}

// reset forgets all users, and makes room for those of so many rows.
func (x *userIndex) reset(rows int) {
	x.users = 0
	if need := 1 << bits.Len(uint(2*rows)); need > len(x.slots) {
		x.slots = make([]userSlot, need)
		return
	}
	clear(x.slots)
}

// number gives the number of a row's user, a new one where the user is new. There
// must not be more rows than the index was reset for.
func (x *userIndex) number(rows []userRow, n int32) int32 {
	row := &rows[n]
	for at := row.hash; ; at++ {
		slot := &x.slots[at&uint32(len(x.slots)-1)]
		if slot.row == 0 {
			*slot = userSlot{row.hash, n + 1, x.users}
			x.users++
			return slot.number
		}
		if slot.hash == row.hash && rows[slot.row-1].row.User == row.row.User {
			return slot.number
		}
	}
}
