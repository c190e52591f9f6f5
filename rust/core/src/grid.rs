//! Panels over the log-odds of several arms, with the arms' densities and distribution functions in each panel.
use crate::error::Error;
use crate::log_odds::LogOdds;
use crate::quadrature::{Panel, Rule, NODES};

/// Up to this many densities on panels are kept (2 MB). If there are more, they are computed twice.
const KEPT_PANELS: usize = 8_192;

/// The arms that can be best, and panels over the log-odds where they lie.
pub(crate) struct Grid {
    pub rule: &'static Rule,
    /// The indices of these arms among all arms.
    pub indices: Vec<usize>,
    pub arms: Vec<LogOdds>,
    /// Log-odds of the origin.
    pub origin: f64,
    /// Below these log-odds, some arm has no mass, so the largest rate is above them.
    pub floor: f64,
    pub edges: Vec<f64>,
    /// For each panel, each arm's mass in it.
    pub masses: Vec<Vec<f64>>,
    /// For each panel, each arm's density, unless there are too many to keep.
    pub densities: Vec<Vec<Panel>>,
    /// Each arm's total mass.
    pub totals: Vec<f64>,
}

/// One panel, as passed to an integrand: arrays by arm, values by node.
pub(crate) struct Node<'a> {
    pub end: f64,
    pub half_width: f64,
    pub density: &'a [Panel],
    /// F of each arm.
    pub below: &'a [Panel],
    /// 1 − F of each arm.
    pub above: &'a [Panel],
    /// dθ/dt.
    pub rate_slope: &'a Panel,
}

impl Grid {
    /// `None` if there are no arms.
    pub fn new(alpha: &[f64], beta: &[f64], stop: &dyn Fn() -> bool) -> Result<Option<Self>, Error> {
        let arms_from = |origin| (0..alpha.len()).map(move |i| LogOdds::new(alpha[i], beta[i], origin));
        // The origin is the mode of the arm whose lower end is highest. Near it, the panels are finest.
        let highest = arms_from((1.0, 1.0)).enumerate().max_by(|(_, x), (_, y)| x.start.total_cmp(&y.start));
        let Some((highest, _)) = highest else { return Ok(None) };
        let origin = (alpha[highest], beta[highest]);
        let floor = arms_from(origin).fold(f64::NEG_INFINITY, |floor, arm| floor.max(arm.start));
        let (indices, arms): (Vec<_>, Vec<_>) =
            arms_from(origin).enumerate().filter(|(_, arm)| arm.end > floor).unzip();
        let edges = edges(&arms, stop)?;
        let mut grid = Self {
            rule: Rule::get(),
            indices,
            origin: origin.0.ln() - origin.1.ln(),
            floor,
            masses: vec![],
            densities: vec![],
            totals: vec![0.0; arms.len()],
            arms,
            edges,
        };
        for panel in 0..grid.edges.len() - 1 {
            if stop() {
                return Err(Error::Interrupted);
            }
            let (nodes, half_width, start, end) = grid.panel(panel);
            let densities = grid.arms.iter().map(|arm| density(arm, &nodes, start, end));
            let mass = |density: &Panel| half_width * grid.rule.integral(density);
            let masses: Vec<f64> = if grid.arms.len() * grid.edges.len() <= KEPT_PANELS {
                let densities: Vec<Panel> = densities.collect();
                let masses = densities.iter().map(mass).collect();
                grid.densities.push(densities);
                masses
            } else {
                densities.map(|density| mass(&density)).collect()
            };
            for (total, mass) in grid.totals.iter_mut().zip(&masses) {
                *total += mass;
            }
            grid.masses.push(masses);
        }
        Ok(Some(grid))
    }

    fn panel(&self, panel: usize) -> (Panel, f64, f64, f64) {
        let (start, end) = (self.edges[panel], self.edges[panel + 1]);
        let half_width = 0.5 * (end - start);
        (self.rule.nodes.map(|x| start + half_width * (1.0 + x)), half_width, start, end)
    }

    /// Calls `integrand` for every panel, from left to right.
    pub fn walk(&self, stop: &dyn Fn() -> bool, mut integrand: impl FnMut(&Node<'_>)) -> Result<(), Error> {
        let n = self.arms.len();
        let (mut densities, mut below, mut above) =
            (vec![[0.0; NODES]; n], vec![[0.0; NODES]; n], vec![[0.0; NODES]; n]);
        let mut left = vec![0.0; n];
        let mut right = self.masses_to_the_right();
        for (panel, masses) in self.masses.iter().enumerate() {
            if stop() {
                return Err(Error::Interrupted);
            }
            let (nodes, half_width, start, end) = self.panel(panel);
            let beyond = right.pop().unwrap_or_default();
            for (i, arm) in self.arms.iter().enumerate() {
                let scale = 1.0 / self.totals[i];
                let kept = self.densities.get(panel).map(|densities| densities[i]);
                let density = kept.unwrap_or_else(|| density(arm, &nodes, start, end));
                densities[i] = density.map(|value| value * scale);
                let mass = masses[i] * scale;
                let within = if mass > 0.0 {
                    self.rule.running(&densities[i]).map(|sum| (half_width * sum).max(0.0).min(mass))
                } else {
                    [0.0; NODES]
                };
                below[i] = within.map(|within| (left[i] * scale + within).min(1.0));
                above[i] = within.map(|within| (beyond[i] * scale + (mass - within)).min(1.0));
                left[i] += masses[i];
            }
            let rate_slope = nodes.map(|t| {
                let odds = (-(t + self.origin).abs()).exp();
                odds / (1.0 + odds).powi(2)
            });
            integrand(&Node {
                end,
                half_width,
                density: &densities,
                below: &below,
                above: &above,
                rate_slope: &rate_slope,
            });
        }
        Ok(())
    }

    /// Each arm's mass to the right of each panel, the last panel first.
    fn masses_to_the_right(&self) -> Vec<Vec<f64>> {
        let mut sums = vec![vec![0.0; self.arms.len()]];
        for masses in self.masses[1..].iter().rev() {
            let next = sums[sums.len() - 1].iter().zip(masses).map(|(sum, mass)| sum + mass).collect();
            sums.push(next);
        }
        sums
    }
}

/// An arm's density at the nodes of a panel. It is not computed where it is 0.
fn density(arm: &LogOdds, nodes: &Panel, start: f64, end: f64) -> Panel {
    if end <= arm.start || start >= arm.end {
        return [0.0; NODES];
    }
    nodes.map(|t| arm.ln_density(t).exp())
}

/// The ends of the panels.
fn edges(arms: &[LogOdds], stop: &dyn Fn() -> bool) -> Result<Vec<f64>, Error> {
    let end = arms.iter().fold(f64::NEG_INFINITY, |end, arm| end.max(arm.end));
    let mut t = arms.iter().fold(f64::INFINITY, |start, arm| start.min(arm.start));
    let mut edges = vec![t];
    while t < end {
        if stop() {
            return Err(Error::Interrupted);
        }
        let step = arms.iter().fold(f64::INFINITY, |step, arm| step.min(arm.resolution(t)));
        // A step that is too small to change the sum must not cause an endless loop.
        t = (t + step).max(t + t.abs() * 1e-15).min(end);
        edges.push(t);
    }
    Ok(edges)
}
