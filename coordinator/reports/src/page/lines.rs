//! The page of the trend: its table under two lines, each from nothing to its largest value.

use askama::Template;

use crate::context::Context;
use crate::error::ReportError;
use crate::page::links::links;
use crate::render::Out;
use crate::render::html::illustrated;
use crate::render::words::{percent, thousands};
use crate::trend::{self, Point};

const LEFT: f64 = 12.0;
const RIGHT: f64 = 628.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 120.0;

#[derive(Template)]
#[template(path = "lines.html")]
struct Picture {
    lines: Vec<Line>,
}

struct Line {
    title: &'static str,
    /// What it says in a sentence, for those who do not see it.
    told: String,
    /// The status whose colour it has.
    colour: &'static str,
    largest: String,
    path: String,
    dots: Vec<Dot>,
    first: String,
    last: String,
}

struct Dot {
    x: String,
    y: String,
    says: String,
}

/// Writes the page.
pub(crate) async fn write(context: &Context<'_>, out: Out<'_>) -> Result<(), ReportError> {
    let (report, points) = trend::report(context).await?;
    let picture = Picture { lines: lines(&points) }.render()?;
    illustrated(&context.head(), &report, Some(picture), links(context, "trend"), out)
}

#[expect(clippy::cast_precision_loss, reason = "counts of services stay far below 2^52")]
fn lines(points: &[Point]) -> Vec<Line> {
    let count = |value: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "it was a count of services")]
        thousands(value as i64)
    };
    let day = |point: &Point| point.scan.started_at.format("%Y-%m-%d %H:%M").to_string();
    let days: Vec<String> = points.iter().map(day).collect();
    let services: Vec<f64> = points.iter().map(|point| point.services as f64).collect();
    let unknown: Vec<f64> = points.iter().map(|point| point.ledger.unknown_share()).collect();
    vec![
        Line::of(("Services in use", "in_use"), &days, &services, count),
        Line::of(("Unknown share of all cells", "denied"), &days, &unknown, percent),
    ]
}

impl Line {
    fn of(
        (title, colour): (&'static str, &'static str),
        days: &[String],
        values: &[f64],
        word: impl Fn(f64) -> String,
    ) -> Self {
        let largest = values.iter().copied().fold(0.0, f64::max);
        let places: Vec<(String, String)> = values
            .iter()
            .enumerate()
            .map(|(at, value)| {
                (format!("{:.1}", x(at, values.len())), format!("{:.1}", y(*value, largest)))
            })
            .collect();
        let path: Vec<String> = places.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let dots = places.into_iter().zip(days.iter().zip(values));
        let dots = dots.map(|((x, y), (day, value))| Dot {
            x,
            y,
            says: format!("{day}: {}", word(*value)),
        });
        let end = |value: Option<&f64>| value.map(|value| word(*value)).unwrap_or_default();
        let (first, last) = (days.first().cloned(), days.last().cloned());
        Self {
            title,
            told: format!(
                "{title}: {} at first, {} at last, over {} scans",
                end(values.first()),
                end(values.last()),
                values.len()
            ),
            colour,
            largest: word(largest),
            path: path.join(" "),
            dots: dots.collect(),
            first: first.filter(|_| days.len() > 1).unwrap_or_default(),
            last: last.unwrap_or_default(),
        }
    }
}

/// Where the scan of this number stands; a single one at the end.
#[expect(clippy::cast_precision_loss, reason = "a dozen scans")]
fn x(at: usize, all: usize) -> f64 {
    match all {
        0 | 1 => RIGHT,
        all => LEFT + (RIGHT - LEFT) * at as f64 / (all - 1) as f64,
    }
}

/// How high a value stands; nothing is at the bottom.
fn y(value: f64, largest: f64) -> f64 {
    if largest > 0.0 { BOTTOM - (BOTTOM - TOP) * value / largest } else { BOTTOM }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_scan_is_at_the_right_and_the_largest_value_at_the_top() {
        assert_eq!((x(0, 3), x(2, 3), x(0, 1)), (LEFT, RIGHT, RIGHT));
        assert_eq!((y(7.0, 7.0), y(0.0, 7.0), y(0.0, 0.0)), (TOP, BOTTOM, BOTTOM));
    }

    proptest! {
        #[test]
        fn no_dot_leaves_the_picture(values in prop::collection::vec(0.0_f64..1e9, 0..20)) {
            let days = vec!["2026-11-22 10:00".to_owned(); values.len()];
            let line = Line::of(("title", "in_use"), &days, &values, percent);
            prop_assert_eq!(line.dots.len(), values.len());
            for dot in &line.dots {
                let (x, y): (f64, f64) = (dot.x.parse().expect("x"), dot.y.parse().expect("y"));
                prop_assert!((LEFT..=RIGHT).contains(&x) && (TOP..=BOTTOM).contains(&y));
            }
        }
    }
}
