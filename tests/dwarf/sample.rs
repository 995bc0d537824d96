// Rust for a reader of debug information.
use std::collections::HashMap;

trait Shape {
    fn area(&self) -> f64;
}

struct Square(f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

mod inner {
    #[inline(always)]
    pub fn add(a: u64, b: u64) -> u64 {
        a.wrapping_add(b).rotate_left(3)
    }

    pub fn fold(values: &[u64]) -> u64 {
        values.iter().copied().map(|v| add(v, 1)).filter(|v| v % 3 != 0).fold(0, add)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for a in &arguments {
        *counts.entry(a.as_str()).or_insert(0) += a.len() as u64;
    }
    let values: Vec<u64> = counts.values().copied().collect();
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(values.len() as f64))];
    let area: f64 = shapes.iter().map(|s| s.area()).sum();
    println!("{} {}", inner::fold(&values), area);
}
