//! Which choices were made, and which come next.

/// One choice: the futures that could go on, and the place of the one that did.
#[derive(Clone, Debug)]
struct Choice {
    runnable: Vec<usize>,
    place: usize,
}

impl Choice {
    fn taken(&self) -> Option<usize> {
        self.runnable.get(self.place).copied()
    }
}

/// The choices of one run: those to repeat, and then the first of what there is.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    choices: Vec<Choice>,
    /// How many of the choices were made in this run.
    made: usize,
    /// What to choose where nothing is to be repeated.
    wishes: Vec<usize>,
}

/// The choices that are to be repeated are not to be had.
#[derive(Debug)]
pub(super) struct Diverged;

impl Plan {
    /// Returns a plan that follows this schedule, and takes the first of what there is where the
    /// schedule says no more.
    pub(super) fn following(schedule: &[usize]) -> Self {
        Self {
            wishes: schedule.to_vec(),
            ..Self::default()
        }
    }

    /// Chooses one of those that can go on, of whom there is one at least.
    pub(super) fn choose(&mut self, runnable: &[usize]) -> Result<usize, Diverged> {
        let made = self.made;
        self.made += 1;
        if let Some(choice) = self.choices.get(made) {
            let is_same = choice.runnable == runnable;
            return choice.taken().filter(|_| is_same).ok_or(Diverged);
        }
        let place = match self.wishes.get(made) {
            Some(wish) => runnable.iter().position(|task| task == wish),
            None => Some(0),
        };
        let choice = Choice {
            runnable: runnable.to_vec(),
            place: place.ok_or(Diverged)?,
        };
        let taken = choice.taken().ok_or(Diverged);
        self.choices.push(choice);
        taken
    }

    /// Returns how many choices were made in this run.
    pub(super) const fn made(&self) -> usize {
        self.made
    }

    /// Returns who took each step of this run.
    pub(super) fn schedule(&self) -> Vec<usize> {
        let made = self.choices.iter().take(self.made);
        made.filter_map(Choice::taken).collect()
    }

    /// Returns whether the run made every choice that it was to repeat.
    pub(super) fn is_repeated(&self) -> bool {
        self.made >= self.choices.len() && self.made >= self.wishes.len()
    }

    /// Goes on to the next schedule, depth first; `None` after the last.
    pub(super) fn next(mut self) -> Option<Self> {
        loop {
            let last = self.choices.last_mut()?;
            if last.place + 1 < last.runnable.len() {
                last.place += 1;
                self.made = 0;
                return Some(self);
            }
            self.choices.pop();
        }
    }
}
