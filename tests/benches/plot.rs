//! A family as bars.

use std::path::Path;

use plotters::prelude::*;

use crate::measure::Spread;

const LINE: u32 = 22;
const LABELS: u32 = 380;

/// The medians as bars over a logarithmic scale, with a line from the first decile to the last.
pub(crate) fn bars(file: &Path, title: &str, unit: &str, parts: &[(&str, Spread)]) {
    if parts.is_empty() {
        return;
    }
    let height = LINE * parts.len() as u32 + 110;
    let area = SVGBackend::new(file, (960, height)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let least = parts.iter().map(|(_, spread)| spread.low).fold(f64::INFINITY, f64::min);
    let most = parts.iter().map(|(_, spread)| spread.high).fold(0.0, f64::max);
    let decade = |figure: f64, up: bool| {
        let log = figure.max(1e-3).log10();
        10_f64.powf(if up { log.ceil() } else { log.floor() })
    };
    let (from, to) = (decade(least * 0.99, false), decade(most * 1.01, true));
    let count = parts.len() as f64;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(LABELS)
        .build_cartesian_2d((from..to).log_scale(), 0.0..count)
        .unwrap();
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .y_labels(0)
        .x_desc(unit)
        .x_label_formatter(&|figure| figure_text(*figure))
        .label_style(("sans-serif", 13))
        .draw()
        .unwrap();
    let bar = RGBColor(86, 120, 172);
    for (at, (name, spread)) in parts.iter().enumerate() {
        let middle = count - at as f64 - 0.5;
        let filled = Rectangle::new([(from, middle - 0.34), (spread.median, middle + 0.34)], bar.filled());
        chart.draw_series([filled]).unwrap();
        let deciles = PathElement::new(vec![(spread.low, middle), (spread.high, middle)], BLACK);
        chart.draw_series([deciles]).unwrap();
        let text = format!("{name}  {}", figure_text(spread.median));
        let (_, y) = chart.backend_coord(&(from, middle));
        let style = TextStyle::from(("sans-serif", 13)).pos(plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Right,
            plotters::style::text_anchor::VPos::Center,
        ));
        area.draw(&Text::new(text, (LABELS as i32, y), style)).unwrap();
    }
    area.present().unwrap();
}

fn figure_text(figure: f64) -> String {
    match figure {
        0.0..10.0 => format!("{figure:.2}"),
        10.0..100.0 => format!("{figure:.1}"),
        1e6.. => format!("{:.1} million", figure / 1e6),
        _ => format!("{figure:.0}"),
    }
}
