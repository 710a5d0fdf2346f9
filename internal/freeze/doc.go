// SPDX-License-Identifier: Apache-2.0

// Package freeze says when deployments are closed: by windows that start at
// local times and last for a while. It is pure, and reads no time zone from
// the machine: the same windows and the same moment give the same answer
// everywhere.
//
// A window that denies closes; deny beats allow. Where any window allows,
// outside all of those is closed. Without windows it is open.
//
// # When a window starts
//
// The start is a cron expression of five fields (minute, hour, day of month,
// month, day of week) in the window's zone. The length is time that passes, not
// the hands of a clock: 64 hours from Friday 16:00 end on Monday at 08:00, and
// at 07:00 or 09:00 in the two weekends when clocks change. A window
// includes its first instant, and not its last.
//
// # When clocks change
//
// A local time can occur twice, when clocks are set back, or never, when they
// are set forward. In doubt it is closed:
//
//   - twice: a window that denies starts both times, and one that allows starts
//     the second time only;
//   - never: a window that denies starts at the moment when the clocks jump, and
//     one that allows does not start on that day.
//
// # Why no library
//
// The packages for cron expressions are schedulers: they start goroutines, log,
// read the machine's zone, take "@daily" and six fields, and leave open what
// they do when clocks change. Here that is the point.
package freeze
