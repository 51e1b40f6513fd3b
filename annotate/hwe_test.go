package annotate

import (
	"fmt"
	"math"
	"math/big"
	"testing"
)

// near reports whether a and b are equal within 1e-9 of their size, or both
// NaN.
func near(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

func TestHWE(t *testing.T) {
	tests := []struct {
		name                string
		homRef, het, homAlt int64
		want                hweResult
	}{
		{"documentation of hl.hardy_weinberg_test, in equilibrium", 250, 500, 250,
			hweResult{0.5002501250625313, 0.9747844394217698, math.NaN()}},
		{"documentation of hl.hardy_weinberg_test, far from it", 37, 200, 85,
			hweResult{0.48964964307448583, 1.1337210383168987e-06, math.NaN()}},
		{"nobody called", 0, 0, 0, hweResult{math.NaN(), 0.5, 0.5}},
		{"one allele only", 10, 0, 0, hweResult{0, 0.5, 0.5}},
		{"the other allele only", 0, 0, 10, hweResult{0, 0.5, 0.5}},
		{"one heterozygote is the only outcome", 9, 1, 0, hweResult{1.0 / 10, 0.5, 0.5}},
		// Two people, two copies of each allele, 6 ways to deal them: 2 ways to
		// one each of both homozygotes, 4 to two heterozygotes.
		{"two homozygotes of 2", 1, 0, 1, hweResult{2.0 / 3, 1.0 / 6, 1 - 1.0/6}},
		{"two heterozygotes of 2", 0, 2, 0, hweResult{2.0 / 3, 1.0/3 + 2.0/6, 1.0 / 3}},
		// Five alternate copies of 6: always one heterozygote. Three of 6: P(1)
		// = 3/5, P(3) = 2/5.
		{"one heterozygote of 3", 1, 1, 1, hweResult{3.0 / 5, 0.3 + 0.4, 0.3 + 0.4}},
		{"three heterozygotes of 3", 0, 3, 0, hweResult{3.0 / 5, 0.2, 0.2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := testHWE(test.homRef, test.het, test.homAlt)
			if !near(got.hetFreq, test.want.hetFreq) || !near(got.twoSided, test.want.twoSided) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if !math.IsNaN(test.want.excessHet) && !near(got.excessHet, test.want.excessHet) {
				t.Errorf("excess of heterozygotes: got %v, want %v", got.excessHet, test.want.excessHet)
			}
		})
	}
}

// exactHWE is the test by its definition, in fractions of integers: the
// probability of k heterozygotes among n people is n! nA! nB! 2^k over (2n)!
// homA! k! homB!.
func exactHWE(homRef, het, homAlt int64) (twoSided, excessHet float64) {
	n := homRef + het + homAlt
	a := 2*homRef + het
	b := 2*n - a
	factorial := func(n int64) *big.Int { return new(big.Int).MulRange(1, n) }
	probability := func(k int64) *big.Rat {
		numerator := new(big.Int).Lsh(factorial(n), uint(k))
		numerator.Mul(numerator, factorial(a)).Mul(numerator, factorial(b))
		denominator := factorial(2 * n)
		denominator.Mul(denominator, factorial(k)).Mul(denominator, factorial((a-k)/2)).Mul(denominator, factorial((b-k)/2))
		return new(big.Rat).SetFrac(numerator, denominator)
	}
	observed := probability(het)
	two, above := new(big.Rat), new(big.Rat)
	half := big.NewRat(1, 2)
	for k := a % 2; k <= min(a, b); k += 2 {
		p := probability(k)
		switch p.Cmp(observed) {
		case -1:
			two.Add(two, p)
		case 0:
			two.Add(two, new(big.Rat).Mul(half, p))
		}
		if k > het {
			above.Add(above, p)
		}
	}
	above.Add(above, new(big.Rat).Mul(half, observed))
	twoSided, _ = two.Float64()
	excessHet, _ = above.Float64()
	return twoSided, excessHet
}

func TestHWEAgainstFractions(t *testing.T) {
	check := func(homRef, het, homAlt int64) {
		got := testHWE(homRef, het, homAlt)
		two, excess := exactHWE(homRef, het, homAlt)
		if !near(got.twoSided, two) || !near(got.excessHet, excess) {
			t.Fatalf("%d, %d, %d: got p %v and %v, want %v and %v", homRef, het, homAlt, got.twoSided, got.excessHet, two, excess)
		}
	}
	for n := range int64(16) {
		for het := range n + 1 {
			for homAlt := range n - het + 1 {
				check(n-het-homAlt, het, homAlt)
			}
		}
	}
	check(150, 100, 50)
	check(10, 290, 0)
	check(299, 0, 1)
	check(100, 0, 200)
}

// A cohort must not overflow, underflow or lose digits. Probabilities here come
// from logarithms of factorials, good to seven digits.
func TestHWEOfCohorts(t *testing.T) {
	logFactorial := func(n float64) float64 { l, _ := math.Lgamma(n + 1); return l }
	for _, c := range [][3]int64{{40000, 40000, 20000}, {35900, 48200, 15900}, {99000, 999, 1}, {81000, 18100, 900}} {
		n, a, b := float64(c[0]+c[1]+c[2]), float64(2*c[0]+c[1]), float64(2*c[2]+c[1])
		probability := func(k float64) float64 {
			return math.Exp(logFactorial(n) + logFactorial(a) + logFactorial(b) + k*math.Ln2 -
				logFactorial(2*n) - logFactorial(k) - logFactorial((a-k)/2) - logFactorial((b-k)/2))
		}
		observed := probability(float64(c[1]))
		two, above := 0.0, observed/2
		for k := math.Mod(a, 2); k <= min(a, b); k += 2 {
			p := probability(k)
			if k == float64(c[1]) {
				two += p / 2
			} else if p <= observed {
				two += p
			}
			if k > float64(c[1]) {
				above += p
			}
		}
		got := testHWE(c[0], c[1], c[2])
		for _, pair := range [][2]float64{{got.twoSided, two}, {got.excessHet, above}} {
			if math.Abs(pair[0]-pair[1]) > 1e-6*pair[1] && pair[1] > 1e-290 {
				t.Errorf("%v: got %v, want %v", c, pair[0], pair[1])
			}
		}
	}
	if p := testHWE(0, 100_000, 0); p.twoSided != 0 || p.excessHet != 0 {
		t.Errorf("100,000 heterozygotes: got %+v, want p-values of 0", p)
	}
}

func TestHWECache(t *testing.T) {
	cache := newHWECache()
	for range 2 {
		for i := range int64(3 * hweCacheSize) {
			if got, want := cache.test(i%97, i%89, i%83), testHWE(i%97, i%89, i%83); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%d, %d, %d: got %+v, want %+v", i%97, i%89, i%83, got, want)
			}
		}
	}
}
