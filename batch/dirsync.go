package batch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// ErrSyncOff says that an enterprise's directory sync is off, so that it cannot be
// started.
var ErrSyncOff = errors.New("its directory sync is off; switch it on with a row that says dir_sync=on")

// FindEnterprise finds the one live BroadWorks enterprise with an sp_enterprise_id.
// None and several are errors, as are those of the API client.
func FindEnterprise(ctx context.Context, api *webex.Client, spEnterpriseID string) (webex.BroadWorksEnterprise, error) {
	id := canonical(diff.BroadWorksEnterprise, diff.ColSPEnterpriseID, spEnterpriseID)
	found, err := enterprisesNamed(ctx, api, id)
	switch {
	case err == nil && len(found) == 0:
		err = errors.New("there is none; wholesync export --offer broadworks lists them")
	case err == nil && len(found) > 1:
		err = fmt.Errorf("%d live enterprises have this sp_enterprise_id; find out which one is meant in Partner Hub", len(found))
	}
	if err != nil {
		return webex.BroadWorksEnterprise{}, fmt.Errorf("looking for enterprise %q: %w", id, err)
	}
	return found[0], nil
}

// DirectorySyncer starts the directory sync of an enterprise and waits for its end.
type DirectorySyncer struct {
	API          *webex.Client
	PollInterval time.Duration // between the first two looks; grows to 30 s
	PollTimeout  time.Duration // how long the end is waited for
}

// Sync starts a synchronisation and returns its state at the end; ended is false
// where the time was up before. One that runs already is waited for instead. The
// error is [ErrSyncOff], one of the client's, or the cause of the end of ctx.
func (s DirectorySyncer) Sync(ctx context.Context, enterpriseID string) (d webex.DirectorySync, ended bool, err error) {
	before, err := s.API.GetDirectorySync(ctx, enterpriseID)
	if err != nil {
		return before, false, err
	}
	if !before.Enabled {
		return before, false, ErrSyncOff
	}
	d = before
	if !d.Busy() {
		if d, _, err = s.API.SyncDirectory(ctx, enterpriseID); err != nil {
			return d, false, err
		}
	}
	deadline := time.Now().Add(s.PollTimeout)
	for pause := s.PollInterval; !syncEnded(before, d); pause = min(pause*3/2, maxPollInterval) {
		if !time.Now().Before(deadline) {
			return d, false, nil
		}
		if err := wait(ctx, min(pause, time.Until(deadline))); err != nil {
			return d, false, err
		}
		if d, err = s.API.GetDirectorySync(ctx, enterpriseID); err != nil {
			return d, false, fmt.Errorf("waiting for its end: %w", err)
		}
	}
	return d, true, nil
}

// syncEnded reports whether a synchronisation that was started has ended: it is
// not under way, and is not the one before.
func syncEnded(before, now webex.DirectorySync) bool {
	return !now.Busy() && (before.Busy() || !now.LastEnd.Equal(before.LastEnd) || now.LastTrackingID != before.LastTrackingID)
}
