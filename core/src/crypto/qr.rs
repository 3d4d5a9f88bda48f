//! QR codes (ISO/IEC 18004) for a page, for a terminal, or to draw natively.

use std::fmt::{self, Write as _};
use std::sync::OnceLock;

use qrcodegen_no_heap::{QrCode as Drawn, QrCodeEcc, Version};
use zeroize::Zeroizing;

use crate::ground::secret::Secret;

/// Light modules on each side: four (ISO/IEC 18004:2015 section 6.3.8), in a terminal too. Two fewer would
/// save two lines there, but the surroundings are often dark.
const QUIET: usize = 4;
/// Black on white from the fixed part of the 256 colours. The theme sets the first sixteen, and most scanners
/// do not read light modules on a dark background.
const INK: &str = "\u{1b}[38;5;16;48;5;231m";
const PLAIN: &str = "\u{1b}[0m";

/// A QR code that holds a secret, for example the secret that an authenticator app scans.
///
/// It corrects errors of level M (15 %) or better. A text that is too long for level M has level L (7 %).
/// Overwritten when dropped. `Debug` does not show the content, and there is no `Display`.
///
/// ```
/// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
/// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
/// # let account = engine.account(&session.token)?;
/// let qr = account.enroll_totp()?.qr;
///
/// // On a page or in a terminal:
/// assert!(qr.svg().reveal_text().is_some_and(|image| image.starts_with("<svg")));
/// assert!(qr.terminal().reveal_text().is_some_and(|lines| lines.lines().count() > 20));
///
/// // In an app that draws it natively, with four light modules on each side:
/// let row: String = (0..qr.size()).map(|x| if qr.is_dark(x, 0) { '#' } else { ' ' }).collect();
/// assert!(row.starts_with("####### "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct QrCode {
    text: Secret,
    /// The modules are drawn on first use. Drawing takes as long as a commit, and an act must not wait for it.
    drawn: OnceLock<Modules>,
}

#[derive(Clone, Default)]
struct Modules {
    size: usize,
    /// Row by row, dark is `true`.
    dark: Zeroizing<Vec<bool>>,
}

impl Modules {
    fn of(text: &str, level: QrCodeEcc) -> Option<Self> {
        let mut work = Zeroizing::new(vec![0; Version::MAX.buffer_len()]);
        let mut out = Zeroizing::new(vec![0; Version::MAX.buffer_len()]);
        let drawn = Drawn::encode_text(
            text,
            &mut work,
            &mut out,
            level,
            Version::MIN,
            Version::MAX,
            None, // The mask with the lowest penalty of the standard.
            true, // A better level if it makes the code no larger.
        )
        .ok()?;
        let side = drawn.size();
        let modules = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        // Sized before it is filled: growing would leave copies behind that nothing overwrites.
        let size = usize::try_from(side).ok()?;
        let mut own = Zeroizing::new(Vec::with_capacity(size * size));
        own.extend(modules.map(|(x, y)| drawn.get_module(x, y)));
        Some(Self { size, dark: own })
    }
}

impl QrCode {
    /// Returns the code of a text, for example of the URI in
    /// [`Step::EnrollSecondFactor`](crate::Step::EnrollSecondFactor). A text that is not UTF-8 or is longer than
    /// 2,953 bytes gives a code without modules.
    ///
    /// ```
    /// use selfsame::{QrCode, Secret};
    ///
    /// let uri = Secret::from("otpauth://totp/Field%20Notes?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    /// assert_eq!(QrCode::of(&uri).size(), 37);
    /// ```
    pub fn of(text: &Secret) -> Self {
        Self { text: text.clone(), drawn: OnceLock::new() }
    }

    fn drawn(&self) -> &Modules {
        self.drawn.get_or_init(|| {
            let text = self.text.reveal_text().unwrap_or_default();
            let levels = [QrCodeEcc::Medium, QrCodeEcc::Low];
            levels.into_iter().find_map(|level| Modules::of(text, level)).unwrap_or_default()
        })
    }
    /// Returns the number of modules per side, without the light border. Leave at least four light modules on
    /// each side.
    pub fn size(&self) -> usize {
        self.drawn().size
    }

    /// Returns `true` if the module in column `x` and row `y`, counted from the upper left, is dark. Modules
    /// outside the code are light.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let Modules { size, dark } = self.drawn();
        x < *size && y < *size && dark.get(y * size + x).copied().unwrap_or(false)
    }

    /// Returns the code as an SVG image in black on white, which a page can scale.
    pub fn svg(&self) -> Secret {
        const RUN: &str = "M180 180h177v1h-177z";
        const REST: usize = 256;
        let runs = self.runs();
        let side = self.size() + 2 * QUIET;
        let mut svg = Zeroizing::new(String::with_capacity(runs.len() * RUN.len() + REST));
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
             shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
             <path fill=\"#000\" d=\""
        );
        for (x, y, length) in runs.iter() {
            let _ = write!(svg, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET);
        }
        svg.push_str("\"/></svg>");
        Secret::from(svg.as_str())
    }

    /// Returns the code as lines for a terminal, two modules to a character, in black on white whatever the
    /// terminal's colours are. If the terminal shows no colours, the code works only on a light background.
    pub fn terminal(&self) -> Secret {
        let side = self.size() + 2 * QUIET;
        let line = INK.len() + side * '█'.len_utf8() + PLAIN.len() + 1;
        let mut text = Zeroizing::new(String::with_capacity(side.div_ceil(2) * line));
        let is_dark = |x: usize, y: usize| {
            x.checked_sub(QUIET).zip(y.checked_sub(QUIET)).is_some_and(|(x, y)| self.is_dark(x, y))
        };
        for y in (0..side).step_by(2) {
            text.push_str(INK);
            text.extend((0..side).map(|x| match (is_dark(x, y), is_dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }));
            text.push_str(PLAIN);
            text.push('\n');
        }
        Secret::from(text.as_str())
    }

    /// Returns the runs of dark modules: column and row of the first, and the length.
    fn runs(&self) -> Zeroizing<Vec<(usize, usize, usize)>> {
        // Alternating light and dark modules give the most runs.
        let mut runs = Zeroizing::new(Vec::with_capacity(self.size() * self.size().div_ceil(2)));
        for y in 0..self.size() {
            let mut from = 0;
            while from < self.size() {
                let length = (from..self.size()).take_while(|x| self.is_dark(*x, y)).count();
                if length > 0 {
                    runs.push((from, y, length));
                }
                from += length + 1;
            }
        }
        runs
    }
}

/// The code as SVG.
#[cfg(feature = "json")]
impl serde::Serialize for QrCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.svg().serialize(serializer)
    }
}

#[cfg(feature = "json")]
crate::ground::json::text_schema! {
    QrCode schemars::json_schema!({ "type": "string", "contentMediaType": "image/svg+xml" });
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QrCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/Field%20Notes:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                       &issuer=Field%20Notes";

    fn qr(text: &str) -> QrCode {
        QrCode::of(&text.into())
    }

    /// Reads a picture with another library. Returns the text and the level of correction (0 is M, 1 is L).
    fn read(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> (String, u16) {
        const PIXELS: usize = 3;
        let mut picture = rqrr::PreparedImage::prepare_from_bitmap(side * PIXELS, side * PIXELS, |x, y| {
            is_dark(x / PIXELS, y / PIXELS)
        });
        let grids = picture.detect_grids();
        assert_eq!(grids.len(), 1, "one code");
        let (meta, text) = grids[0].decode().unwrap();
        (text, meta.ecc_level)
    }

    fn read_modules(qr: &QrCode) -> (String, u16) {
        read(qr.size() + 8, |x, y| x >= 4 && y >= 4 && qr.is_dark(x - 4, y - 4))
    }

    #[test]
    fn r5_1_another_library_reads_the_drawn_code() {
        for text in [URI, "a", "0123456789", "ABC-DEF", "Ünï \u{1f511}", &"x".repeat(500)] {
            assert_eq!(read_modules(&qr(text)).0, text);
        }
    }

    #[test]
    fn r5_1_errors_are_corrected_at_level_m_or_at_l_if_only_that_fits() {
        // Version 40 holds at most 2,331 bytes at level M and 2,953 at level L (ISO/IEC 18004:2015, table 7).
        for (length, side, level) in [(2_331, 177, 0), (2_332, 161, 1), (2_953, 177, 1)] {
            let text = "x".repeat(length);
            let qr = qr(&text);
            let (read, found) = read_modules(&qr);
            assert_eq!((qr.size(), read.len(), found), (side, length, level));
            assert!(read == text, "{length}");
        }
        assert_eq!(qr(&"x".repeat(2_954)).size(), 0);
        assert_eq!(qr(&"x".repeat(1 << 20)).size(), 0);
    }

    #[test]
    fn modules_outside_are_light() {
        let qr = qr(URI);
        let size = qr.size();
        assert_eq!(size, 45, "version 7");
        // The corners of the three finder patterns, and the fourth corner, which has none.
        assert!(qr.is_dark(0, 0) && qr.is_dark(size - 1, 0) && qr.is_dark(0, size - 1));
        assert!(!qr.is_dark(size, 0) && !qr.is_dark(0, size) && !qr.is_dark(usize::MAX, usize::MAX));
    }

    #[test]
    fn an_svg_is_one_path_over_a_white_ground() {
        for text in [URI, "a", &"x".repeat(2_953)] {
            let qr = qr(text);
            let side = qr.size() + 8;
            let secret = qr.svg();
            let svg = secret.reveal_text().unwrap();
            let before = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
                 shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
                 <path fill=\"#000\" d=\""
            );
            let path = svg.strip_prefix(&before).unwrap().strip_suffix("\"/></svg>").unwrap();
            let mut picture = vec![vec![false; side]; side];
            for run in path.strip_suffix('z').unwrap().split('z') {
                let numbers: Vec<usize> =
                    run.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
                let &[x, y, length, 1, back] = &numbers[..] else { panic!("{run}") };
                assert_eq!(run, format!("M{x} {y}h{length}v1h-{back}"));
                assert_eq!(length, back);
                picture[y][x..x + length].iter_mut().for_each(|module| {
                    assert!(!*module, "a module is drawn twice");
                    *module = true;
                });
            }
            assert_eq!(read(side, |x, y| picture[y][x]).0, text);
        }
    }

    #[test]
    fn a_terminal_shows_two_modules_a_character() {
        for text in [URI, "a"] {
            let qr = qr(text);
            let side = qr.size() + 8;
            let secret = qr.terminal();
            let lines: Vec<Vec<char>> = secret
                .reveal_text()
                .unwrap()
                .lines()
                .map(|line| line.strip_prefix(INK).unwrap().strip_suffix(PLAIN).unwrap().chars().collect())
                .collect();
            assert_eq!(lines.len(), side.div_ceil(2));
            assert!(lines.iter().all(|line| line.len() == side));
            let is_dark = |x: usize, y: usize| match lines[y / 2][x] {
                '█' => true,
                '▀' => y.is_multiple_of(2),
                '▄' => !y.is_multiple_of(2),
                other => {
                    assert_eq!(other, ' ');
                    false
                }
            };
            assert_eq!(read(side, is_dark).0, text);
        }
    }

    #[test]
    fn a_code_does_not_show_itself() {
        assert_eq!(format!("{:?}", qr(URI)), "QrCode(…)");
    }
}
