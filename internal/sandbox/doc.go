// Package sandbox is the Webex Wholesale API and the Webex for BroadWorks API in memory: customers, enterprises,
// subscribers, sub-partners, billing reports, and of the rest of the platform what a provisioning client needs (tokens,
// people, organizations, locations, workspaces). It is for tests, rehearsals and the quick start.
//
// A Sandbox is an http.Handler. The API lies under /v1, so the base URL is http://HOST:PORT/v1. It enforces the vendor's
// rules with the vendor's error codes, pages its lists, and checks bearer tokens. It shares no code with the client
// that it tests.
//
// # Determinism
//
// Ids, tracking ids and tokens come from counters. What takes time (see Options.ProvisionDelay) is made up by the clock at
// the start of the next request: no goroutine, no timer. The only wait is that of the fault delay=.
//
// # How rehearsals reach the unhappy ends
//
//	customer name with "RPL review"       ends in pending_rpl_review
//	customer name with "partial"          ends in provisioned_with_errors, its last package with warning 2560
//	customer name with "fails"            ends in error, with 2525
//	e-mail under consumer.example         subscriber answered with 202, stays pending_user_migration
//	address line 1 "Nowhere", "PO Box 1"  2549, 2521
//	city "Nowhere"                        2550
//	US state AA, AE or AP                 2551
//	country AQ, BV, HM, TF or UM          2546
//	country CU, IR, KP or SY              2539
//	extension 000, 110, 112, 911, 933, 999  2553
//	toll-free phone number                2577
//
// Reports end COMPLETED; the faults end=FAILED and begin=REQUESTED reach the other statuses. Their downloads can be struck
// too: a rule such as "GET /WHOLESALE/* truncate" has a path that only they have.
//
// Anything else that can go wrong is asked for by a fault, see ParseRule. A fault end=STATUS reaches the remaining
// statuses of subscribers.
//
// # Decisions where the vendor is silent
//
//   - POST of a customer whose externalId exists: 2502 while it is busy, 2503 for another organization, else 202 once more
//     without effect.
//   - While a PUT runs the customer shows its old packages; resourceDetails shows what comes and goes.
//   - A person stays in the organization after the subscriber is deleted. The same e-mail under another customer is
//     answered with 2002 while subscribed elsewhere and with 2017 after that, until DELETE /people/{id}.
//   - Phone numbers are unique in the whole estate, extensions in a location; the removal of the subscriber, or its move
//     to webex_meetings, frees both.
//   - 2507 comes with 409. A customer that is gone answers 404 with 2541.
//   - A sub-partner (onBehalfOfSubPartnerOrgId) sees its own customers only; unknown is 2501, a suspended one answers POST
//     and PUT with 403 and 2006.
//   - A subscriber above the limit of its package is refused with 2561, an unknown or negative limit with 2579.
//   - A validation tells of an account with another kind of move by codes 102 to 106, 108, 109, 111, 113 and 114: a person
//     of a seed with the account consumer has to consent (as has everybody under consumer.example), self_sign_up has not.
//   - The first subscriber of a BroadWorks enterprise makes its organization. Until that one is provisioned, others and
//     workspaces are answered with 2034. Its owner is moved out of a consumer account without being asked; later ones
//     have to consent.
//   - In one API the id of a subscriber of the other is answered with 404 and 2047 or 2552.
//   - One BroadWorks id cannot be both an enterprise and a service provider with groups: 2015.
//   - BroadWorks phone numbers and extensions in use are refused with 2573 and 2574, e-mail addresses in use with 2010 in
//     the same enterprise and 2002 in another. What an update cannot change is ignored; with nothing else in it: 5004.
//   - A provisioning id of the wholesale API is 5003 to the BroadWorks API, an unknown one 2013.
//   - To be disabled, directory synchronization takes the provisioning delay twice: to begin, and to clean up.
//   - An organization of another partner, or of nobody, is not to be seen (404).
//   - Reports with the same type, category, sub-partner and dates are equal, whatever internal says and however the first
//     one ended; it blocks the second with 2025 or 2026.
//   - A create call that asks for category POINT_IN_TIME gets it, at the levels CUSTOMER and USER, and may end today.
//   - Reports are about the own customers of the partner, or of the sub-partner in subPartnerOrgId; a list shows those of
//     either alone. onBehalfOfSubPartnerOrgId means nothing to them.
//   - The list of BroadWorks reports compares before and after, each the first moment of its month in UTC, with the time of
//     creation. 2028 is a period that is none, 2023 one that is not over or over five years old.
//   - Downloads ask for no token. What has no valid signature, has expired or was deleted is answered with 403 and XML.
//
// # Signing in
//
// GET /v1/authorize is for the client sandbox-client and any http address on loopback. A browser gets a page with buttons,
// anything else the redirect with a code at once. A code is good once and for ten minutes, with the code_verifier of its
// S256 challenge where there was one. Tokens that came by a code are held to their scopes (403 without a code); the token
// that a sandbox starts with may do everything. The service app is for the partner's own organization, see ServiceApp.
//
// # Usage
//
// Reports are metered from the estate, in UTC days, and stay as they were when they were finished. A person has one package
// a day, the last one, so the day of a change counts for the new package; the days of provisioning and of removal count.
// Only what was provisioned counts: not who has still to consent. Workspaces count as long as their customer has
// common_area_calling. CUSTOMER and PARTNER are sums of USER. No published text has the columns; these are the
// likeliest, with the quantity of a CUSTOMER report in the eleventh, where scripts in the field look for it. A BroadWorks
// report is about the subscribers of that API, by the same rules.
//
// # Seed
//
// A seed is a JSON object whose sections are read in the order in which they stand: what names another object comes after
// it. Each section may be left out:
//
//	{
//	  "organization": {"name": "Example Partner", "admin": "admin@partner.example"},
//	  "provisioning_ids": ["demo-template"],
//	  "calling_users": ["has.calling@acme.example"],
//	  "sub_partners": [{"org_id": "sub-1", "state": "suspended"}],
//	  "customers": [{"external_id": "acme", "name": "Acme", "packages": ["webex_calling"], "status": "provisioned",
//	    "limits": {"webex_calling": 50}, "workspaces": 0, "sub_partner": "", "address": {"line1": "771 Alder Drive", "city": "Milpitas", "state": "CA",
//	    "zip": "95035", "country": "US"}}],
//	  "locations": [{"customer_external_id": "acme", "name": "Milpitas", "timezone": "America/Los_Angeles",
//	    "language": "en_us", "address": {"line1": "771 Alder Drive", "city": "Milpitas", "country": "US"}}],
//	  "subscribers": [{"customer_external_id": "acme", "email": "a@acme.example", "package": "webex_calling",
//	    "first_name": "Ada", "last_name": "Lee", "phone": "+14082100101", "extension": "1001", "location": "Milpitas",
//	    "status": "provisioned", "created": "2026-01-05T09:00:00Z", "package_since": "2026-04-11T08:00:00Z"}],
//	  "organizations": [{"name": "Old Firm", "region": "EU", "domains": ["old.example"], "other_partner": false, "managed": false,
//	    "without_admin": false, "linked_sites": false, "directory": false}],
//	  "broadworks_templates": [{"provisioning_id": "b", "email": "trusted", "region": "US", "broken": 0}],
//	  "enterprises": [{"sp_enterprise_id": "sp+group", "provisioning_id": "b", "directory_sync": true, "sync_fails": 0,
//	    "hybrid_sync": false, "key_revoked": false, "unmapped": false,
//	    "external_users": [{"user_id": "x", "first_name": "Bo", "extension": "12", "copy": "stale"}]}],
//	  "broadworks_subscribers": [{"sp_enterprise_id": "sp+group", "user_id": "u@sp.example", "email": "u@b.example",
//	    "package": "standard", "first_name": "Una", "last_name": "Roe", "phone": "+14082100102", "mobile": "", "extension": "1002",
//	    "status": "provisioned", "errors": [], "self_activated": false}],
//	  "workspaces": [{"customer_external_id": "acme", "name": "Lobby"},
//	    {"sp_enterprise_id": "sp+group", "name": "Desk", "user_id": "desk@sp.example", "extension": "1003"}],
//	  "people": [{"email": "c@mail.example", "account": "consumer"}, {"email": "o@old.example", "organization": "Old Firm"}],
//	  "history": [{"customer_external_id": "acme", "email": "a@acme.example", "package": "webex_meetings",
//	    "from": "2026-01-05T09:00:00Z", "to": "2026-04-11T08:00:00Z"}]
//	}
//
// An organization of that section belongs to nobody, unless it says that this partner or another one manages it. A template
// with a code in broken answers with it: 2043, 3001, 5002 and others at once, 2046 to validations, 4001 in the subscriber.
// Its e-mail flow is trusted, untrusted (owners confirm) or self_activation (owners enter). People are those without a
// subscriber; their account is consumer (a move needs consent) or self_sign_up (it does not), or they are in an organization.
// The BroadWorks directory's copy of an external user in Webex is current, stale, orphan or not there.
//
// Status is provisioned where it is left out; an object seeded as busy stays so. A customer with calling and without a
// location gets one. The same e-mail twice under one customer makes two subscribers of one person, as live estates have.
// A package whose name begins with new_ stands for one that the vendor has added since; only a seed can have it.
// A customer may be "internal": reports leave it out unless asked. History, which comes last, is usage that is over; its
// persons may have no subscription any more. Who has neither created nor package_since, and what has no from, has been
// there for ever.
// Ids are not taken from a seed: the n-th object gets the n-th id.
//
// # Looking inside
//
// GET /__sandbox/state answers the whole estate as a seed with ids, and its reports, which a seed cannot have; GET
// /__sandbox/log answers every request under /v1 and every download, oldest first, at least the last 250,000, and whether
// a token came with it. POST /__sandbox/agree?email=ADDRESS has a person agree to the move that a wholesale subscriber waits
// for. None of them needs a token.
package sandbox
