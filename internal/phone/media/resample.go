package media

import "math"

const (
	// lobes is the half width of the filter in zero crossings, steps how finely each is tabulated.
	lobes = 24
	steps = 256
	// passband keeps the filter's slope below the Nyquist frequency.
	passband = 0.95
)

// kernel is one half of a sinc under a Blackman window.
var kernel = newKernel()

func newKernel() (k [lobes*steps + 2]float64) {
	for i := range lobes * steps {
		x := float64(i) / steps
		w := math.Pi * x / lobes
		k[i] = sinc(x) * (0.42 + 0.5*math.Cos(w) + 0.08*math.Cos(2*w))
	}
	return k
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// Resample brings samples at a rate of 8 to 48 kHz to 8 kHz without letting higher frequencies fold down.
func Resample(in []int16, rate int) []int16 {
	if rate == sampleRate {
		return in
	}
	out := make([]int16, int64(len(in))*sampleRate/int64(rate))
	ratio := float64(rate) / sampleRate
	for i := range out {
		out[i] = interpolate(in, float64(i)*ratio, passband/ratio)
	}
	return out
}

// interpolate is the value between samples at a position, with everything above cutoff (1 is Nyquist) filtered out.
func interpolate(in []int16, at, cutoff float64) int16 {
	reach := lobes / cutoff
	first, last := max(0, int(math.Ceil(at-reach))), min(len(in)-1, int(at+reach))
	var sum float64
	for j := first; j <= last; j++ {
		x := math.Abs(at-float64(j)) * cutoff * steps
		n := int(x)
		f := x - float64(n)
		sum += float64(in[j]) * (kernel[n] + f*(kernel[n+1]-kernel[n]))
	}
	return clip16(sum * cutoff)
}
