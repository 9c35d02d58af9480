package ringback_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/ringback-hq/ringback"

// floors is the house, from the ground up. A package imports only what is on a floor below its own, and its rooms.
var floors = [][]string{
	{"."}, // the words and the rules, made of the standard library alone
	{ // the crafts: each knows one technology
		"internal/blob", "internal/client", "internal/dialplan", "internal/fetch", "internal/live", "internal/locale",
		"internal/phone", "internal/sms", "internal/store", "internal/web", "internal/wire", "ui",
	},
	{"internal/office", "internal/openapi", "internal/outbox", "internal/switchboard"}, // the work
	{"internal/api", "internal/callpage", "internal/visitor"},                          // the doors
	{"cmd/ringback"}, // the key
}

// rooms are the packages inside another one, each with all that it may import of ours: its own house never,
// and of its neighbours only these.
var rooms = map[string][]string{
	"internal/openapi/openapitest": {"internal/openapi", "internal/web"},
	"internal/phone/audio":         {".", "internal/phone/media"},
	"internal/phone/browser":       {".", "internal/phone/media"},
	"internal/phone/gate":          {},
	"internal/phone/media":         {"internal/phone/media/udp"},
	"internal/phone/media/udp":     {},
	"internal/phone/phonetest":     {".", "internal/phone", "internal/phone/media", "internal/phone/sandbox"},
	"internal/phone/sandbox":       {".", "internal/phone/gate", "internal/phone/media"},
	"internal/phone/sip":           {"internal/phone/gate"},
	"internal/store/sqldb":         {"."},
}

// grounds lie around the house: benches, whole-program tests and tools. They may import anything, and nobody them.
var grounds = []string{"bench", "test", "tools"}

// The limits of size; tests are apart.
const (
	maxFunctionLines = 70
	maxFileLines     = 400
	maxPackageLines  = 3000
)

// strangers must not be written anywhere: paths and hosts that only one machine knows. They are written in two
// pieces here, or this file would break its own rule.
var strangers = []string{
	"../" + "shared", "/" + "work/",
	"proxy." + "golang.org", "sum." + "golang.org", "registry." + "npmjs.org", "deb." + "debian.org",
}

// environment is what only cmd reads, and the programs that lie around the house.
var environment = []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "syscall.Getenv", "syscall.Environ"}

// TestHouse keeps the rules of the house that can be read off the source: who imports whom, what each package says
// of itself, how large things may grow, and what is written nowhere.
func TestHouse(t *testing.T) {
	t.Parallel()
	house := readHouse(t)
	for rule, complaints := range rules {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			for _, complaint := range complaints(house) {
				t.Error(complaint)
			}
		})
	}
}

// rules are those of the house by name, each with what it complains of.
var rules = map[string]func(house) []string{
	"imports go down":                       house.wrongImports,
	"every package has its place":           house.homeless,
	"every package says what it provides":   house.speechless,
	"things are small":                      house.large,
	"only the key reads the environment":    house.readers,
	"nothing points outside the repository": house.pointers,
}

type kind int

const (
	nowhere kind = iota
	floor
	room
	ground
)

// A site is where a package stands.
type site struct {
	kind  kind
	floor int    // of the package, or of the one that the room is in
	house string // the package on a floor
}

// place finds where a directory stands; one that is a stranger to the three tables stands nowhere.
func place(dir string) site {
	for number, names := range floors {
		if slices.Contains(names, dir) {
			return site{floor, number, dir}
		}
	}
	if _, ok := rooms[dir]; ok {
		parent := place(path.Dir(dir))
		return site{room, parent.floor, parent.house}
	}
	if top, _, _ := strings.Cut(dir, "/"); slices.Contains(grounds, top) {
		return site{kind: ground}
	}
	return site{}
}

// judgeImport says what is wrong when the package in directory from imports another; nothing when it may.
func judgeImport(from, imported string) string {
	to, ours := directory(imported)
	here, there := place(from), place(to)
	switch {
	case !ours && from == "." && strings.Contains(imported, "."):
		return "the ground floor knows only the standard library"
	case !ours, here.kind == nowhere, here.kind == ground:
		return ""
	case there.kind == nowhere:
		return "it has no place in the house"
	case there.kind == ground:
		return "it lies outside the house"
	case there.kind == room && strings.HasSuffix(to, "test"):
		return "it is for tests"
	case here.kind == room:
		if !slices.Contains(rooms[from], to) {
			return "of ours the room may import only [" + strings.Join(rooms[from], " ") + "]"
		}
		return ""
	case there.floor > here.floor:
		return "floor " + strconv.Itoa(here.floor) + " does not know floor " + strconv.Itoa(there.floor) + " above it"
	case there.floor == here.floor && there.house != from:
		return "neighbours on floor " + strconv.Itoa(here.floor) + " do not know each other"
	}
	return ""
}

// directory returns where an import path lies in this repository, when it does.
func directory(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// A house is the repository as it was read: Go packages by directory, without their tests, and every text by name.
type house struct {
	packages map[string]*goPackage
	texts    map[string]string
}

type goPackage struct{ files []file }

type file struct {
	name   string
	lines  int
	fset   *token.FileSet
	syntax *ast.File
}

func newHouse() house {
	return house{packages: map[string]*goPackage{}, texts: map[string]string{}}
}

func readHouse(t *testing.T) house {
	t.Helper()
	h := newHouse()
	ignored := readIgnored(t)
	root := os.DirFS(".")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || ignored(name)):
			return fs.SkipDir
		case d.IsDir() || !d.Type().IsRegular() || ignored(name):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		return h.add(name, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(h.packages), 15; got < want {
		t.Fatalf("found %d packages in %v, want at least %d", got, slices.Sorted(maps.Keys(h.packages)), want)
	}
	return h
}

// add takes in a text, and as Go when it is of the product: not a test, nor anything that the go command passes over.
func (h house) add(name string, text []byte) error {
	h.texts[name] = string(text)
	if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains("/"+name, "/testdata/") {
		return nil
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	if h.packages[dir] == nil {
		h.packages[dir] = &goPackage{}
	}
	p := h.packages[dir]
	p.files = append(p.files, file{name, strings.Count(string(text), "\n"), fset, syntax})
	return nil
}

// readIgnored returns what .gitignore leaves out of the repository, for the few forms that ours uses.
func readIgnored(t *testing.T) func(name string) bool {
	t.Helper()
	text, err := os.ReadFile(".gitignore")
	if err != nil {
		t.Fatal(err)
	}
	patterns := strings.Fields(string(text))
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			pattern, subject := strings.TrimSuffix(pattern, "/"), path.Base(name)
			if rest, anchored := strings.CutPrefix(pattern, "/"); anchored {
				pattern, subject = rest, name
			}
			matched, err := path.Match(pattern, subject)
			if err != nil {
				t.Errorf(".gitignore: %q: %v", pattern, err)
			}
			return matched
		})
	}
}

func (f file) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, imported)
	}
	return paths
}

// saysWhatItProvides tells whether the file has the package comment, in the form that go doc expects.
func (f file) saysWhatItProvides(dir string) bool {
	name := f.syntax.Name.Name
	begin := "Package " + name + " "
	if name == "main" {
		begin = "Command " + path.Base(dir) + " "
	}
	return strings.HasPrefix(f.syntax.Doc.Text(), begin)
}

// reads returns where the file names something of the environment, whatever it calls the package.
func (f file) reads() []string {
	names := map[string]string{}
	for _, spec := range f.syntax.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		names[path.Base(imported)] = imported
		if spec.Name != nil {
			names[spec.Name.Name] = imported
		}
	}
	var found []string
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			x, _ := selector.X.(*ast.Ident)
			if x != nil && slices.Contains(environment, names[x.Name]+"."+selector.Sel.Name) {
				found = append(found, f.fset.Position(n.Pos()).String()+" reads "+names[x.Name]+"."+selector.Sel.Name)
			}
		}
		return true
	})
	return found
}

func (h house) wrongImports() (complaints []string) {
	for dir, p := range h.packages {
		for _, f := range p.files {
			for _, imported := range f.imports() {
				if complaint := judgeImport(dir, imported); complaint != "" {
					complaints = append(complaints, f.name+" imports "+imported+": "+complaint)
				}
			}
		}
	}
	return complaints
}

func (h house) homeless() (complaints []string) {
	for dir := range h.packages {
		if place(dir).kind == nowhere {
			complaints = append(complaints, dir+" has no place in the house: write it into floors, rooms or grounds of house_test.go")
		}
	}
	return complaints
}

func (h house) speechless() (complaints []string) {
	for dir, p := range h.packages {
		if !slices.ContainsFunc(p.files, func(f file) bool { return f.saysWhatItProvides(dir) }) {
			complaints = append(complaints, dir+` has no package comment: begin one file with "// Package … ", or "// Command … " for a program`)
		}
	}
	return complaints
}

func (h house) large() (complaints []string) {
	for dir, p := range h.packages {
		total := 0
		for _, f := range p.files {
			if ast.IsGenerated(f.syntax) {
				continue
			}
			total += f.lines
			if f.lines > maxFileLines {
				complaints = append(complaints, fmt.Sprintf("%s has %d lines, want %d at most", f.name, f.lines, maxFileLines))
			}
			for _, declaration := range f.syntax.Decls {
				complaints = append(complaints, f.long(declaration)...)
			}
		}
		if total > maxPackageLines {
			complaints = append(complaints, fmt.Sprintf("package %s has %d lines, want %d at most", dir, total, maxPackageLines))
		}
	}
	return complaints
}

// long counts the lines between the braces of a function.
func (f file) long(declaration ast.Decl) []string {
	fn, ok := declaration.(*ast.FuncDecl)
	if !ok || fn.Body == nil {
		return nil
	}
	first, last := f.fset.Position(fn.Body.Lbrace), f.fset.Position(fn.Body.Rbrace)
	if lines := last.Line - first.Line - 1; lines > maxFunctionLines {
		return []string{fmt.Sprintf("%s: %s has %d lines, want %d at most", first, fn.Name.Name, lines, maxFunctionLines)}
	}
	return nil
}

func (h house) readers() (complaints []string) {
	for dir, p := range h.packages {
		if top, _, _ := strings.Cut(dir, "/"); top == "cmd" || slices.Contains(grounds, top) {
			continue
		}
		for _, f := range p.files {
			for _, found := range f.reads() {
				complaints = append(complaints, found+", which only cmd may")
			}
		}
	}
	return complaints
}

func (h house) pointers() (complaints []string) {
	for name, text := range h.texts {
		number := 0
		for line := range strings.SplitSeq(text, "\n") {
			number++
			for _, stranger := range strangers {
				if strings.Contains(line, stranger) {
					complaints = append(complaints, fmt.Sprintf("%s:%d mentions %q, which nobody else has", name, number, stranger))
				}
			}
		}
	}
	return complaints
}
