//! How near two vectors are, by each of DynamoDB's three measures, and which of many are the nearest.
//!
//! The sums are of 64-bit floats and go from the first number to the last, so that a score is the same to the bit as that of the
//! embedded engine. Such a sum waits for itself at each step; four vectors are scored side by side, so that it need not.

use super::Vector;
use std::cmp::Ordering;

/// By what a vector index tells how near two vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distance {
    /// One less the cosine of the angle between them: 0 for the same direction, 2 for the opposite one. Smaller is nearer. To a
    /// vector of zeros it is 1.
    Cosine,
    /// The length of the line between them. Smaller is nearer.
    Euclidean,
    /// The sum of the products of their numbers. Larger is nearer.
    DotProduct,
}

impl Distance {
    /// DynamoDB's word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Distance::Cosine => "COSINE",
            Distance::Euclidean => "EUCLIDEAN",
            Distance::DotProduct => "DOT_PRODUCT",
        }
    }

    /// Scores two vectors as a vector index does.
    ///
    /// ```
    /// # fn main() -> dynamorm::Result<()> {
    /// use dynamorm::{Distance, Vector};
    /// let (a, b) = (Vector::try_from([3.0, 4.0])?, Vector::try_from([0.0, 8.0])?);
    /// assert_eq!(Distance::Euclidean.score(&a, &b), 5.0);
    /// assert_eq!(Distance::DotProduct.score(&a, &b), 32.0);
    /// assert!((Distance::Cosine.score(&a, &b) - 0.2).abs() < 1e-9);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn score<const N: usize>(self, one: &Vector<N>, other: &Vector<N>) -> f64 {
        Scorer::new(self, one.as_slice()).score(other.as_slice())
    }

    /// The nearest of vectors that are in memory: their positions and scores, the nearest first.
    ///
    /// For vectors that are read once and searched many times. Of equal scores the earlier comes first.
    ///
    /// ```
    /// # fn main() -> dynamorm::Result<()> {
    /// use dynamorm::{Distance, Vector};
    /// let among = [[0.0, 1.0], [1.0, 0.0], [0.6, 0.8]].map(|numbers| Vector::try_from(numbers).unwrap());
    /// let nearest = Distance::DotProduct.nearest(&Vector::try_from([0.0, 1.0])?, &among, 2);
    /// assert_eq!(nearest[0], (0, 1.0));
    /// assert_eq!(nearest[1].0, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn nearest<'v, const N: usize>(
        self,
        to: &Vector<N>,
        among: impl IntoIterator<Item = &'v Vector<N>>,
        top_k: usize,
    ) -> Vec<(usize, f64)> {
        let scorer = Scorer::new(self, to.as_slice());
        let mut nearest = Nearest::new(self, top_k);
        let mut vectors = among.into_iter().map(Vector::as_slice);
        let mut at = 0;
        // The last ones are fewer than four.
        while let Some(first) = vectors.next() {
            let (second, third, fourth) = (vectors.next(), vectors.next(), vectors.next());
            match (second, third, fourth) {
                (Some(second), Some(third), Some(fourth)) => {
                    for score in scorer.four([first, second, third, fourth]) {
                        nearest.offer(score, || at);
                        at += 1;
                    }
                }
                (second, third, _) => {
                    for vector in [Some(first), second, third].into_iter().flatten() {
                        nearest.offer(scorer.score(vector), || at);
                        at += 1;
                    }
                }
            }
        }
        nearest.into_vec().into_iter().map(|(score, at)| (at, score)).collect()
    }
}

/// Scores vectors against one.
pub(crate) struct Scorer<'q> {
    distance: Distance,
    query: &'q [f32],
    /// The length of it, of which only cosines need to know.
    norm: f64,
}

/// Sums over pairs of numbers: their products, and the squares of the second or of their differences.
#[derive(Clone, Copy, Default)]
struct Sums {
    products: f64,
    squares: f64,
}

impl<'q> Scorer<'q> {
    pub(crate) fn new(distance: Distance, query: &'q [f32]) -> Self {
        let squares = |sum: f64, number: &f32| sum + f64::from(*number) * f64::from(*number);
        Self { distance, query, norm: query.iter().fold(0.0, squares).sqrt() }
    }

    /// The score of a vector of the same length.
    pub(crate) fn score(&self, vector: &[f32]) -> f64 {
        let [score] = self.several([vector]);
        score
    }

    fn four(&self, vectors: [&[f32]; 4]) -> [f64; 4] {
        self.several(vectors)
    }

    #[inline(always)]
    fn several<const W: usize>(&self, vectors: [&[f32]; W]) -> [f64; W] {
        let mut sums = [Sums::default(); W];
        let length = self.query.len();
        // All of one length, so that no access is checked.
        let vectors = vectors.map(|vector| vector.get(..length).unwrap_or_default());
        match self.distance {
            Distance::Cosine => each_pair(self.query, vectors, &mut sums, |sums, query, number| {
                sums.products += query * number;
                sums.squares += number * number;
            }),
            Distance::Euclidean => each_pair(self.query, vectors, &mut sums, |sums, query, number| {
                let difference = query - number;
                sums.squares += difference * difference;
            }),
            Distance::DotProduct => each_pair(self.query, vectors, &mut sums, |sums, query, number| {
                sums.products += query * number;
            }),
        }
        let mut scores = [0.0; W];
        for ((score, sums), vector) in scores.iter_mut().zip(sums).zip(vectors) {
            *score = self.finish(sums, vector);
        }
        scores
    }

    fn finish(&self, sums: Sums, vector: &[f32]) -> f64 {
        let score = match self.distance {
            Distance::Euclidean => sums.squares.sqrt(),
            Distance::DotProduct => sums.products,
            Distance::Cosine if self.norm == 0.0 || sums.squares == 0.0 => 1.0,
            Distance::Cosine => {
                let score = 1.0 - sums.products / (self.norm * sums.squares.sqrt());
                // What is equal is at no distance, however the sums were rounded. Nothing else comes so near to it by that.
                if score.abs() < 1e-9 && vector == self.query { 0.0 } else { score.clamp(0.0, 2.0) }
            }
        };
        score.clamp(-f64::from(f32::MAX), f64::from(f32::MAX))
    }
}

#[inline(always)]
fn each_pair<const W: usize>(
    query: &[f32],
    vectors: [&[f32]; W],
    sums: &mut [Sums; W],
    add: impl Fn(&mut Sums, f64, f64),
) {
    for (at, number) in query.iter().enumerate() {
        let query = f64::from(*number);
        for (sums, vector) in sums.iter_mut().zip(vectors) {
            if let Some(number) = vector.get(at) {
                add(sums, query, f64::from(*number));
            }
        }
    }
}

/// The nearest of what was offered, and nothing else: at most so many are held.
pub(crate) struct Nearest<T> {
    distance: Distance,
    most: usize,
    /// The nearest first.
    held: Vec<(f64, T)>,
}

impl<T> Nearest<T> {
    pub(crate) fn new(distance: Distance, most: usize) -> Self {
        Self { distance, most, held: Vec::new() }
    }

    /// Takes it if it is nearer than one of those that are held, or there is room. Only then is it made.
    pub(crate) fn offer(&mut self, score: f64, make: impl FnOnce() -> T) {
        let is_full = self.held.len() >= self.most;
        let distance = self.distance;
        let stays = |held: &(f64, T)| rank(distance, held.0, score) != Ordering::Greater;
        if is_full && self.held.last().is_none_or(stays) {
            return;
        }
        if is_full {
            self.held.pop();
        }
        let at = self.held.partition_point(stays);
        self.held.insert(at, (score, make()));
    }

    pub(crate) fn into_vec(self) -> Vec<(f64, T)> {
        self.held
    }
}

/// Whether the one is nearer (less) than the other.
fn rank(distance: Distance, one: f64, other: f64) -> Ordering {
    match distance {
        Distance::Cosine | Distance::Euclidean => one.total_cmp(&other),
        Distance::DotProduct => other.total_cmp(&one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Distance; 3] = [Distance::Cosine, Distance::Euclidean, Distance::DotProduct];

    fn vector<const N: usize>(numbers: [f32; N]) -> Vector<N> {
        numbers.try_into().unwrap()
    }

    #[test]
    fn scores_at_the_edges_are_those_of_dynamodb() {
        let zero = vector([0.0, 0.0]);
        let some = vector([1e-23, 0.0]);
        let large = vector([f32::MAX, f32::MAX]);
        assert_eq!(Distance::Cosine.score(&zero, &some), 1.0);
        assert_eq!(Distance::Cosine.score(&some, &zero), 1.0);
        assert_eq!(Distance::Cosine.score(&some, &some), 0.0);
        assert_eq!(Distance::Cosine.score(&some, &vector([-1e-23, 0.0])), 2.0);
        assert_eq!(Distance::Euclidean.score(&large, &vector([f32::MIN, f32::MIN])), f64::from(f32::MAX));
        assert_eq!(Distance::DotProduct.score(&large, &vector([f32::MIN, 0.0])), -f64::from(f32::MAX));
        assert_eq!(Distance::DotProduct.score(&large, &vector([1.0, -1.0])), 0.0);
        let odd = vector([0.1, 0.7, 0.3]);
        assert_eq!(Distance::Cosine.score(&odd, &odd), 0.0);
    }

    #[test]
    fn the_nearest_are_those_that_sorting_all_would_give() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut any = || vector::<5>(std::array::from_fn(|_| (random.f32() * 8.0).round() - 4.0));
        for count in [0, 1, 3, 4, 5, 50, 203] {
            let among: Vec<_> = (0..count).map(|_| any()).collect();
            let query = any();
            for distance in ALL {
                let mut all: Vec<(usize, f64)> =
                    among.iter().map(|other| distance.score(&query, other)).enumerate().collect();
                all.sort_by(|one, other| rank(distance, one.1, other.1));
                for top_k in [0, 1, 7, 100, 500] {
                    let expected: Vec<_> = all.iter().copied().take(top_k).collect();
                    assert_eq!(distance.nearest(&query, &among, top_k), expected);
                }
            }
        }
    }
}
