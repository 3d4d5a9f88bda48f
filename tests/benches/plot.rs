//! Plots of families as bars.

use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::measure::{Spread, shown};

const WIDTH: u32 = 960;
const LINE: u32 = 22;
const LABELS: u32 = 400;
/// If the figures differ by more than this factor, the scale is logarithmic.
const APART: f64 = 30.0;

/// Draws the medians as bars, with a line from the first decile to the last.
pub(crate) fn bars(file: &Path, title: &str, unit: &str, parts: &[(&str, Spread)]) {
    let area = SVGBackend::new(file, (WIDTH, LINE * parts.len() as u32 + 110)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let least = parts.iter().map(|(_, spread)| spread.low).fold(f64::INFINITY, f64::min).max(1e-3);
    let most = parts.iter().map(|(_, spread)| spread.high).fold(1e-3, f64::max) * 1.02;
    if most / least > APART {
        let from = 10_f64.powf((least * 0.99).log10().floor());
        draw(&area, title, &format!("{unit}, logarithmic"), parts, from, (from..most).log_scale());
    } else {
        draw(&area, title, unit, parts, 0.0, 0.0..most);
    }
    area.present().unwrap();
}

fn draw<R>(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    title: &str,
    unit: &str,
    parts: &[(&str, Spread)],
    from: f64,
    scale: R,
) where
    R: AsRangedCoord<Value = f64>,
    R::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let count = parts.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .margin_right(40)
        .x_label_area_size(42)
        .y_label_area_size(LABELS)
        .build_cartesian_2d(scale, 0.0..count)
        .unwrap();
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .y_labels(0)
        .x_labels(6)
        .x_desc(unit)
        .x_label_formatter(&|figure| tick(*figure))
        .label_style(("sans-serif", 13))
        .draw()
        .unwrap();
    let bar = RGBColor(86, 120, 172);
    let style = TextStyle::from(("sans-serif", 13)).pos(Pos::new(HPos::Right, VPos::Center));
    for (at, (name, spread)) in parts.iter().enumerate() {
        let middle = count - at as f64 - 0.5;
        let filled = Rectangle::new([(from, middle - 0.34), (spread.median, middle + 0.34)], bar.filled());
        chart.draw_series([filled]).unwrap();
        let deciles = PathElement::new(vec![(spread.low, middle), (spread.high, middle)], BLACK);
        chart.draw_series([deciles]).unwrap();
        let (_, y) = chart.backend_coord(&(from, middle));
        let text = format!("{name}: {}", shown(spread.median));
        area.draw(&Text::new(text, (LABELS as i32 + 6, y), style.clone())).unwrap();
    }
}

fn tick(figure: f64) -> String {
    format!("{}", (figure * 1e6).round() / 1e6)
}
