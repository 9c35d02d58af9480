package openapi

import (
	"reflect"
	"testing"
)

type pair[A, B any] struct {
	A A
	B B
}

func TestEveryTypeHasItsOwnName(t *testing.T) {
	t.Parallel()
	for want, typ := range map[string]reflect.Type{
		"Parcel":                    reflect.TypeFor[parcel](),
		"MaybeParcel":               reflect.TypeFor[maybe[parcel]](),
		"MaybeListParcel":           reflect.TypeFor[maybe[[]parcel]](),
		"MaybeNullableParcel":       reflect.TypeFor[maybe[*parcel]](),
		"MaybeListNullableParcel":   reflect.TypeFor[maybe[[]*parcel]](),
		"PairParcelMaybeParcel":     reflect.TypeFor[pair[parcel, maybe[parcel]]](),
		"PairListParcelNullableInt": reflect.TypeFor[pair[[]parcel, *int]](),
	} {
		if got := nameOf(typ); got != want {
			t.Errorf("%s is called %s, want %s", typ, got, want)
		}
	}
}
