// Answers pairs of Cargo versions with the crate semver (librust-semver-dev), without build metadata.
use semver::Version;
use std::cmp::Ordering;
use std::io::{self, BufRead, BufWriter, Write};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (a, b) = line.split_once('\t').unwrap_or((&line, ""));
        match (Version::parse(a), Version::parse(b)) {
            (Ok(a), Ok(b)) => writeln!(
                out,
                "{}",
                match (a.major, a.minor, a.patch, &a.pre).cmp(&(b.major, b.minor, b.patch, &b.pre)) {
                    Ordering::Less => "<",
                    Ordering::Equal => "=",
                    Ordering::Greater => ">",
                }
            )?,
            (a, b) => writeln!(out, "?{}{}", a.is_err() as u8, b.is_err() as u8)?,
        }
    }
    out.flush()
}
