package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestU9_UsersAreListedByTheirIDs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		write(t, s, func(tx *Tx) error { return tx.DeleteUser(c.account.ID, c.anna.UserID, noon) })
		all := []ringback.User{c.owner, c.jan.User}
		for _, tt := range []struct {
			limit, offset int
			want          []ringback.User
		}{
			{100, 0, all}, {1, 0, all[:1]}, {1, 1, all[1:]}, {100, 2, nil}, {100, 1 << 31, nil},
		} {
			read(t, s, func(tx *Tx) error {
				users, count, err := tx.Users(c.account.ID, tt.limit, tt.offset)
				same(t, fmt.Sprintf("%d after %d", tt.limit, tt.offset), users, tt.want)
				same(t, "count", count, 2)
				return err
			})
		}
		read(t, s, func(tx *Tx) error {
			_, count, err := tx.Users(other.account.ID, 100, 0)
			same(t, "of another account", count, 3)
			return err
		})
	})
}

func TestAUserIsChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		u := c.anna.User
		u.Name, u.Email, u.Tel, u.TelExtension, u.Role, u.UpdatedAt = "Ann", "Ann@example.com", "+48500000009", "7", ringback.RoleAdmin, noon.Add(time.Hour)
		managers := func(tx *Tx) ([]ringback.Manager, error) { return tx.Managers(c.account.ID, c.widget.ID) }
		get(t, s, managers) // remembered
		write(t, s, func(tx *Tx) error { return tx.SaveUser(u) })
		same(t, "user", get(t, s, func(tx *Tx) (ringback.User, error) { return tx.User(c.account.ID, u.ID) }), u)
		same(t, "the manager", get(t, s, managers)[0].User, u)
		write(t, s, func(tx *Tx) error { return tx.SaveUser(u) }) // their own address is not taken

		u.Email = ""
		write(t, s, func(tx *Tx) error { return tx.SaveUser(u) })
		jan := c.jan.User
		jan.Email = "ANN@example.com"
		write(t, s, func(tx *Tx) error { return tx.SaveUser(jan) }) // it is free again
		u.Email = "ann@EXAMPLE.com"
		if err := s.Write(t.Context(), func(tx *Tx) error { return tx.SaveUser(u) }); !errors.Is(err, ErrTaken) {
			t.Errorf("got %v, want %v", err, ErrTaken)
		}
	})
}

func TestU5_TwoWhoWantOneAddressAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		anna, jan := c.anna.User, c.jan.User
		anna.Email, jan.Email = "a@example.com", "A@example.com"
		var second error
		during(t, s, func(tx *Tx) error { return tx.SaveUser(anna) }, func(tx *Tx) error {
			second = tx.SaveUser(jan)
			return nil
		})
		if !errors.Is(second, ErrTaken) {
			t.Errorf("the second got %v, want %v", second, ErrTaken)
		}
		late := ringback.User{AccountID: c.account.ID, Name: "x", Email: "b@example.com"}
		jan.Email = "b@example.com"
		during(t, s, func(tx *Tx) error { return tx.AddUser(&late) }, func(tx *Tx) error {
			second = tx.SaveUser(jan)
			return nil
		})
		if !errors.Is(second, ErrTaken) {
			t.Errorf("beside a new user: got %v, want %v", second, ErrTaken)
		}
	})
}

func TestU8_ADeletedUserStaysInTheHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		u := c.anna.User
		u.Email, u.UpdatedAt = "anna@example.com", noon
		key := ringback.Key{ID: "k", AccountID: c.account.ID, UserID: u.ID, Hash: []byte{1}}
		call := c.placed(t, visitor(1), nil)
		d := ringback.Department{Name: "Sales"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.SaveUser(u), tx.AddKey(key), tx.AddDepartment(c.account.ID, &d),
				tx.PutInDepartment(c.account.ID, c.anna.ID, d.ID), tx.AddAttempt(&ringback.Attempt{
					AccountID: c.account.ID, CallID: call.ID, Number: 1, ManagerID: c.anna.ID, EndedAt: noon,
				}))
		})
		managers := func(tx *Tx) ([]ringback.Manager, error) { return tx.Managers(c.account.ID, c.widget.ID) }
		same(t, "before", len(get(t, s, managers)), 2)

		write(t, s, func(tx *Tx) error { return tx.DeleteUser(c.account.ID, u.ID, noon) })
		same(t, "managers", get(t, s, managers), []ringback.Manager{c.jan})
		record := get(t, s, func(tx *Tx) (CallRecord, error) { return tx.Record(c.account.ID, call.ID) })
		if record.Manager == nil || record.Manager.User.Name != "Anna" {
			t.Errorf("the history tells %+v", record.Manager)
		}
		same(t, "history by user", len(get(t, s, func(tx *Tx) ([]CallRecord, error) {
			records, _, err := tx.History(c.account.ID, HistoryFilter{UserIDs: []int64{u.ID}})
			return records, err
		})), 1)
		for name, ask := range map[string]func(tx *Tx) error{
			"user":    func(tx *Tx) error { _, err := tx.User(c.account.ID, u.ID); return err },
			"address": func(tx *Tx) error { _, err := tx.UserWithEmail(u.Email); return err },
			"key":     func(tx *Tx) error { _, _, err := tx.Key("k"); return err },
			"manager": func(tx *Tx) error { _, err := tx.Manager(c.account.ID, c.anna.ID); return err },
			"put":     func(tx *Tx) error { return tx.PutInDepartment(c.account.ID, c.anna.ID, d.ID) },
			"change":  func(tx *Tx) error { return tx.SaveUser(u) },
			"again":   func(tx *Tx) error { return tx.DeleteUser(c.account.ID, u.ID, noon) },
		} {
			if err := s.Write(t.Context(), ask); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: got %v, want %v", name, err, ErrNotFound)
			}
		}
		again := ringback.User{AccountID: c.account.ID, Name: "another Anna", Email: u.Email}
		write(t, s, func(tx *Tx) error { return tx.AddUser(&again) })
	})
}

func TestAManagerWhoComesBackIsTheSame(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		d := ringback.Department{Name: "Sales"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.AddDepartment(c.account.ID, &d), tx.PutInDepartment(c.account.ID, c.anna.ID, d.ID),
				tx.PutInDepartment(c.account.ID, c.jan.ID, d.ID))
		})
		managers := func(tx *Tx) ([]ringback.Manager, error) { return tx.Managers(c.account.ID, c.widget.ID) }
		get(t, s, managers) // remembered
		leave := func(tx *Tx) error { return tx.DeleteManager(c.account.ID, c.anna.UserID, c.widget.ID, noon) }
		write(t, s, leave)
		c.jan.Departments = []ringback.Department{d}
		same(t, "without Anna", get(t, s, managers), []ringback.Manager{c.jan})
		if err := s.Write(t.Context(), leave); !errors.Is(err, ErrNotFound) {
			t.Errorf("again: got %v, want %v", err, ErrNotFound)
		}
		back := c.anna
		back.ID = 0
		write(t, s, func(tx *Tx) error { return tx.SaveManager(&back) })
		same(t, "with Anna, who is in no department", get(t, s, managers), []ringback.Manager{c.anna, c.jan})
	})
}

func TestSeatsAreCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		taken := func(tx *Tx) (int, error) { return tx.SeatsTaken(c.account.ID) }
		same(t, "of users without an address", get(t, s, taken), 0)
		u := ringback.User{AccountID: c.account.ID, Email: "a@example.com"}
		theirs := ringback.User{AccountID: other.account.ID, Email: "b@example.com"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.AddUser(&u), tx.AddUser(&theirs), tx.SetSeats(c.account.ID, 3))
		})
		same(t, "taken", get(t, s, taken), 1)
		account := get(t, s, func(tx *Tx) (ringback.Account, error) { return tx.Account(c.account.ID) })
		same(t, "seats", account.Seats, 3)
		write(t, s, func(tx *Tx) error { return tx.DeleteUser(c.account.ID, u.ID, noon) })
		same(t, "after a farewell", get(t, s, taken), 0)
	})
}

func TestStrangersChangeNoStaff(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ours, theirs := newCompany(t, s), newCompany(t, s)
		stranger := theirs.account.ID
		u := ours.anna.User
		u.AccountID = stranger
		for name, f := range map[string]func(tx *Tx) error{
			"save user":      func(tx *Tx) error { return tx.SaveUser(u) },
			"delete user":    func(tx *Tx) error { return tx.DeleteUser(stranger, u.ID, noon) },
			"delete manager": func(tx *Tx) error { return tx.DeleteManager(stranger, u.ID, ours.widget.ID, noon) },
		} {
			if err := s.Write(t.Context(), f); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: got %v, want %v", name, err, ErrNotFound)
			}
		}
	})
}
