package callpage_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	tableRow = regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \| .* \| (tested|built|not yet) \|$`)
	rowTest  = regexp.MustCompile(`(?m)^func Test((?:[A-Z]\d+_)+)`)
)

// TestThePageOfDifferencesSaysWhichRowsAreTested holds docs/callpage.md against the names of the tests.
func TestThePageOfDifferencesSaysWhichRowsAreTested(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/callpage.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := tableRow.FindAllStringSubmatch(string(page), -1)
	if len(rows) < 120 {
		t.Fatalf("found only %d rows", len(rows))
	}
	tested := testedRows(t)
	for _, row := range rows {
		if id, state := row[1], row[2]; tested[id] != (state == "tested") {
			t.Errorf("row %s is %q in docs/callpage.md; it has a test: %v", id, state, tested[id])
		}
	}
}

// testedRows lists the rows that the name of a test bears.
func testedRows(t *testing.T) map[string]bool {
	t.Helper()
	tested := map[string]bool{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		for _, found := range rowTest.FindAllStringSubmatch(string(text), -1) {
			for id := range strings.SplitSeq(strings.TrimSuffix(found[1], "_"), "_") {
				tested[id] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tested
}
