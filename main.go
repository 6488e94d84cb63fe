// Wholesync brings a Cisco Webex wholesale estate to the state that a CSV file
// describes. Everything it can do is in the package internal/cli.
package main

import (
	"os"

	"wholesync/internal/cli"
)

func main() {
	os.Exit(cli.Main())
}
