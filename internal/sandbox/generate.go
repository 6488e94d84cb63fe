package sandbox

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// GenerateOptions say what load data Generate makes. The same options make the same bytes.
type GenerateOptions struct {
	Customers     int     // at least 1
	Subscribers   int     // spread evenly over the customers
	Dir           string  // made when missing
	Seed          uint64  // another number makes other packages and changes
	ChangePercent float64 // of the subscribers that differ between wanted and live, up to 100; 0 is the default of 2
}

const (
	desiredHeader = "kind,ensure,external_id,packages,provisioning_id,name,primary_email,address_line1,city,state_or_province," +
		"zip_or_postal_code,country,location_name,location_timezone,location_language,customer_external_id,email,package," +
		"first_name,last_name,primary_phone_number,extension"
	currentHeader = "kind,external_id,org_id,packages,address_line1,city,state_or_province,zip_or_postal_code,country," +
		"customer_external_id,email,package,_id,_status,_created"

	defaultChangePercent = 2

	linesPerArea   = 8_000_000 // local numbers 200 0000 to 999 9999
	firstLine      = 2_000_000
	firstExtension = 100_000 // six digits, so a customer can have 900,000
	lastExtension  = 999_999
)

// areaCodes are Maryland's: with them every local number is a valid one.
var areaCodes = []string{"240", "301", "410", "443", "667"}

var (
	packagePairs = [][2]string{{"webex_calling", "webex_meetings"}, {"webex_suite", "webex_meetings"}, {"webex_calling", "webex_voice"},
		{"webex_suite", "webex_calling"}}
	towns       = [][2]string{{"Baltimore", "21201"}, {"Bethesda", "20814"}, {"Columbia", "21044"}, {"Frederick", "21701"}, {"Rockville", "20850"}}
	givenNames  = strings.Fields("Ana Ben Chi Dora Eli Fay Gus Hana Ivo Jun Kai Lea Max Nia Omar Pia Quinn Rui Sol Tess Uma Vic Wes Yara Zoe")
	familyNames = strings.Fields("Abe Baker Costa Dunn Evans Fox Gomez Hill Ito Jones Khan Lopez Moore Nagy Ortiz Park Rossi Silva Tran Vega Wood Young")
)

// Generate writes three files into o.Dir: desired.csv, what is wanted; current.csv, a snapshot of the live state; and
// seed.json, that live state as a sandbox's seed. Of the subscribers that ChangePercent asks for, half are missing in
// the live state, a quarter have another of their customer's packages there, and a quarter are only there. Rows are
// written as they are made, so memory does not grow with their number.
func Generate(o GenerateOptions) error {
	switch {
	case o.Customers < 1:
		return errors.New("generate load data: need at least one customer")
	case o.Subscribers < 0 || o.Subscribers > len(areaCodes)*linesPerArea:
		return fmt.Errorf("generate load data: cannot number %d subscribers", o.Subscribers)
	case o.Subscribers/o.Customers > lastExtension-firstExtension:
		return errors.New("generate load data: too many subscribers for one customer; ask for more customers")
	case !(o.ChangePercent >= 0 && o.ChangePercent <= 100):
		return fmt.Errorf("generate load data: change percent %g is not between 0 and 100", o.ChangePercent)
	}
	if o.ChangePercent == 0 {
		o.ChangePercent = defaultChangePercent
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return fmt.Errorf("generate load data: %w", err)
	}
	var files []*os.File
	for _, name := range []string{"desired.csv", "current.csv", "seed.json"} {
		file, err := os.Create(filepath.Join(o.Dir, name))
		if err != nil {
			return fmt.Errorf("generate load data: %w", err)
		}
		defer file.Close() // for the early ways out; the end closes them and looks at the error
		files = append(files, file)
	}
	g := newGenerator(o, files)
	err := g.write()
	for _, file := range files {
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fmt.Errorf("generate load data: %w", err)
	}
	return nil
}

// generator makes the rows. Its writers keep their first error, which flush asks for in the end.
type generator struct {
	options GenerateOptions
	random  *rand.Rand
	desired *csv.Writer
	current *csv.Writer
	seed    *bufio.Writer
	between string // what separates the next element of the seed from the one before
	live    int    // subscribers in the live state
}

func newGenerator(o GenerateOptions, files []*os.File) *generator {
	const buffer = 1 << 20
	return &generator{
		options: o,
		random:  rand.New(rand.NewPCG(o.Seed, 0)),
		desired: csv.NewWriter(bufio.NewWriterSize(files[0], buffer)),
		current: csv.NewWriter(bufio.NewWriterSize(files[1], buffer)),
		seed:    bufio.NewWriterSize(files[2], buffer),
	}
}

func (g *generator) write() error {
	_ = g.desired.Write(strings.Split(desiredHeader, ","))
	_ = g.current.Write(strings.Split(currentHeader, ","))
	g.section(`{"provisioning_ids": ["` + defaultProvisioning + `"], "customers": [`)
	customers := make([]loadCustomer, g.options.Customers)
	for i := range customers {
		customers[i] = loadCustomer{number: i + 1, externalID: fmt.Sprintf("cust-%06d", i+1),
			packages: packagePairs[g.random.IntN(len(packagePairs))], town: towns[i%len(towns)]}
		g.addCustomer(customers[i])
	}
	g.section(`], "subscribers": [`)
	place := 0
	for i := range g.options.Subscribers {
		owner := i * len(customers) / g.options.Subscribers
		if i > 0 && owner != (i-1)*len(customers)/g.options.Subscribers {
			place = 0
		}
		g.addSubscriber(g.nextSubscriber(customers[owner], i, place))
		place++
	}
	g.section("]}\n")
	g.desired.Flush()
	g.current.Flush()
	return errors.Join(g.desired.Error(), g.current.Error(), g.seed.Flush())
}

// section writes the text between two lists of the seed.
func (g *generator) section(text string) {
	_, _ = g.seed.WriteString(text)
	g.between = "\n"
}

// element writes one element of a list of the seed.
func (g *generator) element(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // the seed's types always have a JSON form
	}
	_, _ = g.seed.WriteString(g.between)
	_, _ = g.seed.Write(raw)
	g.between = ",\n"
}

// loadCustomer is one generated customer.
type loadCustomer struct {
	number     int
	externalID string
	packages   [2]string
	town       [2]string
}

func (g *generator) addCustomer(c loadCustomer) {
	name := fmt.Sprintf("Customer %06d", c.number)
	email := "it@" + c.externalID + ".example"
	street := fmt.Sprintf("%d Main Street", c.number)
	packages := c.packages[0] + ";" + c.packages[1]
	_ = g.desired.Write([]string{"customer", "present", c.externalID, packages, defaultProvisioning, name, email, street, c.town[0], "MD",
		c.town[1], "US", defaultLocationName, defaultLocationZone, defaultLocationLang, "", "", "", "", "", "", ""})
	// the n-th customer of a seed gets the organization after the partner's own
	_ = g.current.Write([]string{"customer", c.externalID, encodeID(kindOrganization, c.number+1), packages, street, c.town[0], "MD",
		c.town[1], "US", "", "", "", encodeID(kindCustomer, c.number), statusProvisioned, ""})
	g.element(seedCustomer{ExternalID: c.externalID, Name: name, PrimaryEmail: email, Packages: c.packages[:],
		Address: seedAddress{Line1: street, City: c.town[0], StateOrProvince: "MD", ZipOrPostalCode: c.town[1], Country: "US"}})
}

// loadSubscriber is one generated subscriber; a package is empty where the subscriber is missing on that side.
type loadSubscriber struct {
	customer  string
	email     string
	given     string
	family    string
	phone     string
	extension string
	wanted    string
	live      string
}

// nextSubscriber makes the i-th subscriber of all, which is number place of its customer.
func (g *generator) nextSubscriber(c loadCustomer, i, place int) loadSubscriber {
	s := loadSubscriber{
		customer:  c.externalID,
		given:     givenNames[i%len(givenNames)],
		family:    familyNames[i/len(givenNames)%len(familyNames)],
		phone:     fmt.Sprintf("+1%s%d", areaCodes[i%len(areaCodes)], firstLine+i/len(areaCodes)),
		extension: strconv.Itoa(firstExtension + place),
	}
	s.email = strings.ToLower(s.given+"."+s.family) + fmt.Sprintf(".%07d@%s.example", i+1, c.externalID)
	choice := g.random.IntN(2)
	s.wanted, s.live = c.packages[choice], c.packages[choice]
	switch dice, change := g.random.Float64()*100, g.options.ChangePercent; {
	case dice >= change:
	case dice < change/2:
		s.live = ""
	case dice < change*3/4:
		s.live = c.packages[1-choice]
	default:
		s.wanted = ""
	}
	return s
}

func (g *generator) addSubscriber(s loadSubscriber) {
	if s.wanted != "" {
		phone, extension := s.numbers(s.wanted)
		_ = g.desired.Write([]string{"subscriber", "present", "", "", "", "", "", "", "", "", "", "", "", "", "", s.customer, s.email, s.wanted,
			s.given, s.family, phone, extension})
	}
	if s.live == "" {
		return
	}
	g.live++
	phone, extension := s.numbers(s.live)
	created := seedEpoch.Add(time.Duration(g.live) * time.Second)
	_ = g.current.Write([]string{"subscriber", "", "", "", "", "", "", "", "", s.customer, s.email, s.live, encodeID(kindSubscriber, g.live),
		statusProvisioned, timestamp(created.UnixMilli())})
	g.element(seedSubscriber{Customer: s.customer, Email: s.email, Package: s.live, FirstName: s.given, LastName: s.family,
		Phone: phone, Extension: extension, Created: &created})
}

// numbers are the phone number and extension of a subscriber of the package.
func (s loadSubscriber) numbers(pkg string) (phone, extension string) {
	if !isCalling(pkg) {
		return "", ""
	}
	return s.phone, s.extension
}
