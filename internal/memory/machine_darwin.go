package memory

import "golang.org/x/sys/unix"

// physical returns the memory of the machine in bytes, 0 if it does not tell.
func physical() int64 {
	bytes, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return int64(min(bytes, 1<<62))
}

// group returns 0: the system has no control groups.
func group() int64 { return 0 }
