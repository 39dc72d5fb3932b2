//! Bars as SVG; their colours are names of the page's style, so that they follow its theme.

use plotters::prelude::*;
use protocol::Status;

use crate::error::ReportError;
use crate::render::words::thousands;

const WIDTH: u32 = 440;
const LABEL: i32 = 172;
const VALUE: i32 = 68;
const STEP: i32 = 24;
const BAR: i32 = 14;
/// The longest label that is drawn, in characters.
const LONGEST: usize = 24;

/// One bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    label: String,
    value: u64,
    status: Status,
}

impl Bar {
    /// A bar in the colour of a status.
    pub(crate) fn new(label: &str, value: u64, status: Status) -> Self {
        let long = label.chars().count() > LONGEST;
        let cut = if long { LONGEST - 1 } else { LONGEST };
        let mut label: String = label.chars().filter(|char| !char.is_control()).take(cut).collect();
        if long {
            label.push('…');
        }
        Self { label, value, status }
    }
}

/// The text colour: a placeholder, as are those of the bars.
const INK: RGBColor = RGBColor(0, 1, 0);

/// Draws bars, the longest as long as there is room.
pub(crate) fn draw(bars: &[Bar]) -> Result<String, ReportError> {
    let rows = i32::try_from(bars.len()).unwrap_or(i32::MAX / STEP);
    let longest = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let mut svg = String::new();
    {
        let height = (rows * STEP).unsigned_abs().max(1);
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let text = ("sans-serif", 13).into_font().color(&INK);
        for (row, bar) in (0..).zip(bars) {
            let top = row * STEP + (STEP - BAR) / 2;
            let end = LABEL + length(bar.value, longest);
            let colour = RGBColor(0, 0, bar.status as u8);
            let shape = Rectangle::new([(LABEL, top), (end, top + BAR)], colour.filled());
            area.draw(&shape).map_err(failed)?;
            let label = Text::new(bar.label.clone(), (0, top), text.clone());
            area.draw(&label).map_err(failed)?;
            let value = thousands(i64::try_from(bar.value).unwrap_or(i64::MAX));
            area.draw(&Text::new(value, (end + 6, top), text.clone())).map_err(failed)?;
        }
        area.present().map_err(failed)?;
    }
    Ok(themed(&svg))
}

/// How long a bar is: at least a hair where it is not nothing.
fn length(value: u64, longest: u64) -> i32 {
    let room = u64::from(WIDTH.saturating_sub((LABEL + VALUE).unsigned_abs()));
    let length = u128::from(value) * u128::from(room) / u128::from(longest);
    let length = i32::try_from(length).unwrap_or(i32::MAX / 2);
    if value > 0 { length.max(2) } else { length }
}

/// Puts the style's names in the place of the placeholders.
fn themed(svg: &str) -> String {
    let mut svg = svg.replace("fill=\"#000100\"", "class=\"ink\"");
    for status in Status::ALL {
        let placeholder = format!("fill=\"#0000{:02X}\"", *status as u8);
        svg = svg.replace(&placeholder, &format!("class=\"f-{status}\""));
    }
    svg
}

fn failed(why: impl std::fmt::Display) -> ReportError {
    ReportError::Page(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_the_colour_of_its_status_and_a_hostile_label_stays_text() {
        let svg = draw(&[Bar::new("</svg><script>x", 3, Status::Denied)]).expect("a picture");
        assert!(svg.contains("class=\"f-denied\""), "{svg}");
        assert!(svg.contains("class=\"ink\""), "{svg}");
        assert!(!svg.contains("<script"), "{svg}");
    }

    #[test]
    fn a_little_is_drawn_and_nothing_is_not() {
        assert_eq!(length(0, 1_000_000), 0);
        assert_eq!(length(1, 1_000_000), 2);
        assert_eq!(length(7, 7), 200);
    }
}
