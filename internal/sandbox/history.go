package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// seedStay is a past time in a package, of a person or of a customer's workspaces.
type seedStay struct {
	Customer   string     `json:"customer_external_id"`
	Email      string     `json:"email,omitempty"`
	Workspaces int        `json:"workspaces,omitempty"` // without an email
	Package    string     `json:"package"`
	From       *time.Time `json:"from,omitempty"` // left out: since ever
	To         *time.Time `json:"to"`
	SubPartner string     `json:"sub_partner,omitempty"`
}

func (e *estate) loadStay(in seedStay) error {
	c, err := e.findCustomer(in.SubPartner, in.Customer)
	if err != nil {
		return err
	}
	s := stay{customer: c, workspaces: in.Workspaces, pkg: in.Package}
	switch {
	case in.To == nil:
		return errors.New("history needs a to; what lasts is a subscriber")
	case in.From != nil && in.To.Before(*in.From):
		return fmt.Errorf("history of %q: to is before from", in.Email)
	case in.Email == "" && (in.Workspaces < 1 || in.Package != commonArea):
		return fmt.Errorf("history of %q: needs an email, or workspaces of %s", in.Customer, commonArea)
	case in.Email != "" && in.Workspaces != 0:
		return fmt.Errorf("history of %q: a person has no workspaces", in.Email)
	case in.Email != "" && !slices.Contains(morePackages, in.Package) && !isNew(in.Package):
		return fmt.Errorf("history of %q: unknown package %q", in.Email, in.Package)
	}
	if in.From != nil {
		s.from = in.From.UnixMilli()
	}
	s.to = in.To.UnixMilli()
	if in.Email != "" {
		if s.person = e.personByEmail[strings.ToLower(in.Email)]; s.person == nil {
			s.person = e.addPerson(in.Email, c.org, seedEpoch)
		}
		if s.person.org != c.org {
			return fmt.Errorf("history of %q: in another organization already", in.Email)
		}
	}
	e.stays = append(e.stays, s)
	return nil
}

func (s stay) dump() seedStay {
	to := time.UnixMilli(s.to).UTC()
	d := seedStay{Customer: s.customer.externalID, Workspaces: s.workspaces, Package: s.pkg, To: &to, SubPartner: s.customer.owner.orgID}
	if from := time.UnixMilli(s.from).UTC(); s.from != 0 {
		d.From = &from
	}
	if s.person != nil {
		d.Email = s.person.email
	}
	return d
}
