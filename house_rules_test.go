package ringback_test

import (
	"slices"
	"strings"
	"testing"
)

// TestTheFloorsCanFail judges imports that must not be, so that TestHouse cannot pass by judging nothing.
func TestTheFloorsCanFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, imported string
		allowed        bool
	}{
		{".", "time", true},
		{".", "golang.org/x/text/language", false},
		{".", module + "/internal/store", false},
		{"internal/store", module, true},
		{"internal/store", "github.com/jackc/pgx/v5", true},
		{"internal/store", module + "/internal/wire", false},
		{"internal/store", module + "/internal/phone/media", false},
		{"internal/phone", module + "/internal/phone/media", true},
		{"internal/phone", module + "/internal/phone/attic", false},
		{"internal/phone/media", "github.com/pion/rtp", true},
		{"internal/phone/media", module, false},
		{"internal/phone/media", module + "/internal/phone/sip", false},
		{"internal/phone/sandbox", module + "/internal/phone/media", true},
		{"internal/phone/sandbox", module + "/internal/phone/sip", false},
		{"internal/phone/sandbox", module + "/internal/phone", false},
		{"internal/phone/sandbox", module + "/internal/store", false},
		{"internal/phone/phonetest", module + "/internal/phone", true},
		{"internal/phone", module + "/internal/phone/phonetest", false},
		{"internal/switchboard", module + "/internal/phone/phonetest", false},
		{"test/town", module + "/internal/phone/phonetest", true},
		{"internal/switchboard", module + "/internal/store", true},
		{"internal/switchboard", module + "/internal/phone/media", true},
		{"internal/switchboard", module + "/internal/outbox", false},
		{"internal/callpage", module + "/internal/switchboard", true},
		{"internal/callpage", module + "/internal/api", false},
		{"internal/wire", module + "/internal/callpage", false},
		{"internal/wire", module + "/bench", false},
		{"cmd/ringback", module + "/internal/phone/sandbox", true},
		{"cmd/ringback", module + "/test/town", false},
		{"bench", module + "/cmd/ringback", true},
		{"test/town", module + "/internal/phone", true},
	}
	for _, tt := range tests {
		complaint := judgeImport(tt.from, tt.imported)
		if got := complaint == ""; got != tt.allowed {
			t.Errorf("%s imports %s: allowed is %t, want %t (%q)", tt.from, tt.imported, got, tt.allowed, complaint)
		}
	}
}

// TestEveryHouseRuleCanFail breaks each rule with one file, and the rule must name it.
func TestEveryHouseRuleCanFail(t *testing.T) {
	t.Parallel()
	const blob = "// Package blob keeps files.\npackage blob\n"
	lines := func(n int) string { return strings.Repeat("//\n", n) }
	tests := []struct {
		rule, file, text, want string
	}{
		{"imports go down", "internal/blob/a.go", blob + `import _ "` + module + `/internal/wire"`, "internal/blob/a.go imports " + module + "/internal/wire"},
		{"every package has its place", "internal/attic/a.go", "package attic", "internal/attic has no place"},
		{"every package says what it provides", "internal/blob/a.go", "package blob", "internal/blob has no package comment"},
		{"every package says what it provides", "internal/blob/a.go", "// Files.\npackage blob", "internal/blob has no package comment"},
		{"every package says what it provides", "cmd/ringback/a.go", "// Package main runs.\npackage main", "cmd/ringback has no package comment"},
		{"things are small", "internal/blob/a.go", blob + lines(399), "internal/blob/a.go has 401 lines"},
		{"things are small", "internal/blob/a.go", blob + "func f() {\n" + lines(71) + "}", "f has 71 lines"},
		{"things are small", "internal/blob/a.go", blob + lines(2999), "package internal/blob has 3001 lines"},
		{"only the key reads the environment", "internal/blob/a.go", blob + `import "os"` + "\nvar a = os.Getenv(\"A\")", "internal/blob/a.go:4:9 reads os.Getenv"},
		{"only the key reads the environment", "internal/blob/a.go", blob + `import env "os"` + "\nvar a = env.LookupEnv", "internal/blob/a.go:4:9 reads os.LookupEnv"},
		{"nothing points outside the repository", "docs/a.md", "one\nsee ../" + "shared/a.md", "docs/a.md:2 mentions"},
	}
	for _, tt := range tests {
		h := newHouse()
		if err := h.add(tt.file, []byte(tt.text)); err != nil {
			t.Fatal(err)
		}
		complaints := rules[tt.rule](h)
		if !slices.ContainsFunc(complaints, func(c string) bool { return strings.Contains(c, tt.want) }) {
			t.Errorf("%q says of %s: %q, want %q in it", tt.rule, tt.file, complaints, tt.want)
		}
	}
}

// TestAGoodHouseIsLeftInPeace gives the rules what they allow, to the line.
func TestAGoodHouseIsLeftInPeace(t *testing.T) {
	t.Parallel()
	h := newHouse()
	for name, text := range map[string]string{
		"internal/blob/a.go":      "// Package blob keeps files.\npackage blob\nfunc f() {\n" + strings.Repeat("//\n", 70) + "}\n",
		"internal/blob/b.go":      "package blob\n" + strings.Repeat("//\n", 399),
		"internal/blob/a_test.go": "package blob\n" + strings.Repeat("//\n", 4000),
		"cmd/ringback/main.go":    "// Command ringback runs.\npackage main\nimport \"os\"\nvar a = os.Getenv(\"A\")\n",
		"docs/a.md":               "sharing is fine\n",
	} {
		if err := h.add(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for rule, complaints := range rules {
		for _, complaint := range complaints(h) {
			t.Errorf("%s: %s", rule, complaint)
		}
	}
}
