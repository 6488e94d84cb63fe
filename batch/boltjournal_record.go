package batch

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"time"

	bolt "go.etcd.io/bbolt"

	"wholesync/diff"
)

// op is what a record tells.
type op string

const (
	opIntend   op = "intend"
	opAnswered op = "answered"
	opResolved op = "resolved"
	opDone     op = "done"
)

// record is one entry of the journal as it is stored. It is a type of its own,
// so that the program's types can change and old journals stay readable.
type record struct {
	Op         op            `json:"op"`
	Change     string        `json:"change"` // id
	Attempt    int           `json:"attempt,omitempty"`
	At         time.Time     `json:"at,omitzero"`
	Answer     Answer        `json:"answer,omitempty"`
	Evidence   Evidence      `json:"evidence,omitempty"`
	HTTPStatus int           `json:"http_status,omitempty"`
	Code       int           `json:"code,omitempty"`
	TrackingID string        `json:"tracking_id,omitempty"`
	ResourceID string        `json:"resource_id,omitempty"`
	Result     *resultRecord `json:"result,omitempty"`
}

func recordOf(o op, w Write) record {
	return record{Op: o, Change: w.Change.ID, Attempt: w.Attempt, At: w.At.UTC(), Answer: w.Answer,
		HTTPStatus: w.HTTPStatus, Code: w.Code, TrackingID: w.TrackingID, ResourceID: w.ResourceID}
}

// write is the inverse of recordOf, but for the change.
func (r record) write() Write {
	return Write{Attempt: r.Attempt, At: r.At, Answer: r.Answer,
		HTTPStatus: r.HTTPStatus, Code: r.Code, TrackingID: r.TrackingID, ResourceID: r.ResourceID}
}

// resultRecord is a [Result] as it is stored, but for the change.
type resultRecord struct {
	Outcome     diff.Outcome  `json:"outcome"`
	HTTPStatus  int           `json:"http_status,omitempty"`
	Code        int           `json:"code,omitempty"`
	Title       string        `json:"title,omitempty"`
	Field       string        `json:"field,omitempty"`
	Description string        `json:"description,omitempty"`
	Advice      string        `json:"advice,omitempty"`
	Attempts    int           `json:"attempts,omitempty"`
	TrackingID  string        `json:"tracking_id,omitempty"`
	ResourceID  string        `json:"resource_id,omitempty"`
	BlockedBy   string        `json:"blocked_by,omitempty"`
	StartedAt   time.Time     `json:"started_at,omitzero"`
	Duration    time.Duration `json:"duration_ns,omitempty"`
}

func resultRecordOf(r Result) *resultRecord {
	return &resultRecord{
		Outcome: r.Outcome, HTTPStatus: r.HTTPStatus, Code: r.Code, Title: r.Title, Field: r.Field,
		Description: r.Description, Advice: r.Advice, Attempts: r.Attempts, TrackingID: r.TrackingID,
		ResourceID: r.ResourceID, BlockedBy: r.BlockedBy, StartedAt: r.StartedAt.UTC(), Duration: r.Duration,
	}
}

func (r *resultRecord) result() *Result {
	return &Result{
		Outcome: r.Outcome, HTTPStatus: r.HTTPStatus, Code: r.Code, Title: r.Title, Field: r.Field,
		Description: r.Description, Advice: r.Advice, Attempts: r.Attempts, TrackingID: r.TrackingID,
		ResourceID: r.ResourceID, BlockedBy: r.BlockedBy, StartedAt: r.StartedAt, Duration: r.Duration,
	}
}

// logKey is the key of a record: keys sort in the order of the records.
func logKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(key, data []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, data)
}

// seal puts a checksum over key and data before the data: bbolt has none over
// what it stores.
func seal(key, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(data)), checksum(key, data))
	return append(out, data...)
}

func unseal(key, sealed []byte) ([]byte, error) {
	if len(sealed) < 4 || binary.BigEndian.Uint32(sealed) != checksum(key, sealed[4:]) {
		return nil, damaged("a checksum is wrong")
	}
	return sealed[4:], nil
}

// replay visits the records on the disk in order, each with the state that its
// change has after it. It fails where a record is missing, damaged or illegal.
func (j *BoltJournal) replay(visit func(record, state)) error {
	return guarded(func() error { return j.db.View(func(tx *bolt.Tx) error { return replay(tx.Bucket(logBucket), visit) }) })
}

func replay(log *bolt.Bucket, visit func(record, state)) error {
	states := map[string]state{}
	var seq uint64
	err := log.ForEach(func(k, v []byte) error {
		if seq++; string(k) != string(logKey(seq)) {
			return damaged("record %d is not where it should be", seq)
		}
		data, err := unseal(k, v)
		if err != nil {
			return damaged("record %d", seq)
		}
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			return damaged("record %d: %v", seq, err)
		}
		s, err := states[r.Change].after(r)
		if err != nil {
			return damaged("record %d: %v", seq, err)
		}
		states[r.Change] = s
		visit(r, s)
		return nil
	})
	if err == nil && seq != log.Sequence() { // the last ones are gone
		return damaged("it holds %d records of %d", seq, log.Sequence())
	}
	return err
}
