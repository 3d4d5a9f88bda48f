//! Draws bars as SVG without a library. Texts use the reader's fonts, and colours follow the reader's light or dark
//! mode.

use crate::figures::{Spread, counted, grouped, took};

const WIDTH: f64 = 880.0;
const MARGIN: f64 = 24.0;
const GUTTER: f64 = 36.0;
const HEAD: f64 = 84.0;
const ROW: f64 = 22.0;
/// The heights above and below the rows of a panel, for its heading, its ticks and the unit.
const ABOVE: f64 = 26.0;
const BELOW: f64 = 62.0;
/// The room for the figure at the end of the longest bar.
const FIGURE: f64 = 64.0;

/// The colour of each system, the same in all plots, for light and dark mode.
const COLOURS: [(&str, &str, &str); 9] = [
    ("Selfsame", "#0969da", "#4493f8"),
    ("Better Auth", "#d97f00", "#f0a83a"),
    ("Django", "#1a7f4b", "#3fb97a"),
    ("PocketBase", "#8250df", "#ab7df8"),
    ("Selfsame on SQLite", "#1295a3", "#4cc9d6"),
    ("Swift", "#cf3f4f", "#f47067"),
    ("Kotlin", "#b8509f", "#e085cc"),
    ("Python", "#9a8500", "#d4bf2a"),
    (NO_SYSTEM, "#8c959f", "#7d8894"),
];
/// Parts that are not systems: unavoidable costs, and other things that Selfsame is compared with.
pub(crate) const NO_SYSTEM: &str = "no system";

pub(crate) struct Plot {
    pub(crate) name: &'static str,
    /// The finding.
    pub(crate) title: String,
    /// A description of the measurement.
    pub(crate) about: String,
    pub(crate) columns: usize,
    pub(crate) panels: Vec<Panel>,
}

pub(crate) struct Panel {
    pub(crate) heading: String,
    pub(crate) unit: Unit,
    /// The width of the labels.
    pub(crate) labels: f64,
    pub(crate) bars: Vec<Bar>,
}

#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// Microseconds, shown in the unit that suits the longest.
    Time,
    Of(&'static str),
}

pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) system: &'static str,
    /// `None` if it was not measured.
    pub(crate) spread: Option<Spread>,
}

impl Plot {
    /// Writes `below` at the bottom of every plot.
    pub(crate) fn svg(&self, below: &str) -> String {
        let columns = self.columns as f64;
        let width = (WIDTH - 2.0 * MARGIN - (columns - 1.0) * GUTTER) / columns;
        let mut body = String::new();
        let mut top = HEAD;
        for row in self.panels.chunks(self.columns) {
            for (column, panel) in row.iter().enumerate() {
                let left = MARGIN + column as f64 * (width + GUTTER);
                panel.draw(&mut body, left, top, width);
            }
            let most = row.iter().map(|panel| panel.bars.len()).max().unwrap_or(0);
            top += ABOVE + most as f64 * ROW + BELOW;
        }
        let height = top + 14.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>\n{}</style>\n\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n",
            escaped(&self.title),
            style(),
        );
        svg.push_str(&text("title", MARGIN, 36.0, &self.title));
        svg.push_str(&text("quiet", MARGIN, 59.0, &self.about));
        svg.push_str(&body);
        svg.push_str(&text("quiet", MARGIN, height - 16.0, below));
        svg.push_str("</svg>\n");
        svg
    }
}

impl Panel {
    fn draw(&self, svg: &mut String, left: f64, top: f64, width: f64) {
        let most = self.bars.iter().filter_map(|bar| bar.spread).map(|spread| spread.high.max(spread.median));
        let most = most.fold(0.0, f64::max);
        let (scale, unit) = match self.unit {
            Unit::Time if most >= 1e6 => (1e6, "seconds"),
            Unit::Time if most >= 1e3 => (1e3, "milliseconds"),
            Unit::Time => (1.0, "microseconds"),
            Unit::Of(unit) => (1.0, unit),
        };
        let zero = left + self.labels + 8.0;
        let length = width - self.labels - 8.0 - FIGURE;
        let x = |figure: f64| zero + figure / most * length;
        let rows = top + ABOVE;
        let foot = rows + self.bars.len() as f64 * ROW + 4.0;
        svg.push_str(&text("heading", left, top + 12.0, &self.heading));
        let step = step(most / scale, length / 45.0);
        let mut tick = 0.0;
        while tick <= most / scale {
            let at = x(tick * scale);
            svg.push_str(&line("grid", at, rows, at, foot));
            svg.push_str(&text("tick", at, foot + 15.0, &ticked(tick, step)));
            tick += step;
        }
        svg.push_str(&text("unit", zero + length / 2.0, foot + 32.0, unit));
        for (at, bar) in self.bars.iter().enumerate() {
            let middle = rows + (at as f64 + 0.5) * ROW;
            svg.push_str(&text("label", left + self.labels, middle + 4.5, &bar.label));
            let Some(spread) = bar.spread else {
                svg.push_str(&text("quiet", zero + 4.0, middle + 4.5, "not measured"));
                continue;
            };
            svg.push_str(&format!(
                "<rect class=\"{}\" x=\"{zero:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"16\"/>\n",
                class(bar.system),
                middle - 8.0,
                (x(spread.median) - zero).max(1.0),
            ));
            svg.push_str(&line("edge", x(spread.low), middle, x(spread.high), middle));
            svg.push_str(&line("spread", x(spread.low), middle, x(spread.high), middle));
            let figure = match self.unit {
                Unit::Time => took(spread.median),
                Unit::Of(_) => counted(spread.median),
            };
            svg.push_str(&text("figure", x(spread.high.max(spread.median)) + 6.0, middle + 4.5, &figure));
        }
    }
}

/// The smallest of 1, 2, 5, 10, 20… that gives at most this many ticks.
fn step(most: f64, ticks: f64) -> f64 {
    let least = most / ticks;
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

fn ticked(tick: f64, step: f64) -> String {
    if step < 1.0 { format!("{tick:.1}") } else { grouped(tick as u64) }
}

fn text(class: &str, x: f64, y: f64, text: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n", escaped(text))
}

fn line(class: &str, x1: f64, y1: f64, x2: f64, y2: f64) -> String {
    format!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn class(system: &str) -> String {
    system.to_lowercase().replace(' ', "-")
}

fn style() -> String {
    let mut style = "text{font:13px system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\",sans-serif}\n\
         .title{font-size:18px;font-weight:600}.heading{font-size:14px;font-weight:600}\n\
         .tick,.unit{font-size:12px;text-anchor:middle}.label{text-anchor:end}.spread{stroke-width:1.5}.edge{stroke-width:4}\n\
         .figure{paint-order:stroke;stroke-width:4px}\n"
        .to_owned();
    style.push_str(&colours("#fff", "#1f2328", "#59636e", "#d1d9e0", |(_, light, _)| light));
    style.push_str("@media (prefers-color-scheme:dark){\n");
    style.push_str(&colours("#0d1117", "#e6edf3", "#9198a1", "#30363d", |(_, _, dark)| dark));
    style.push_str("}\n");
    style
}

fn colours<'a>(
    ground: &str,
    ink: &str,
    quiet: &str,
    grid: &str,
    of: impl Fn((&'a str, &'a str, &'a str)) -> &'a str,
) -> String {
    let mut rules = format!(
        ".ground{{fill:{ground}}}.edge,.figure{{stroke:{ground}}}text{{fill:{ink}}}.quiet,.tick,.unit{{fill:{quiet}}}.grid{{stroke:{grid}}}\
         .spread{{stroke:{ink}}}\n"
    );
    for colour in COLOURS {
        rules.push_str(&format!(".{}{{fill:{}}}", class(colour.0), of(colour)));
    }
    rules.push('\n');
    rules
}

/// The checker itself.
mod checker {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for (most, ticks, least) in
            [(27.0, 5.0, 10.0), (1.2, 4.0, 0.5), (100.0, 10.0, 10.0), (5216.0, 3.0, 2000.0)]
        {
            assert_eq!(step(most, ticks), least, "{most} {ticks}");
        }
        assert_eq!([ticked(0.5, 0.5), ticked(2000.0, 1000.0)], ["0.5", "2,000"]);
    }
}
