//! Whether a file is on a network file system, whose locks and syncs another machine answers for.

use std::io;
use std::path::Path;

/// The file systems of Linux that another machine or another program answers for, by their magic numbers
/// (`statfs(2)`, `linux/magic.h`). FUSE is among them: the kernel does not say whether the program behind it goes to a
/// network, as sshfs does.
#[cfg(any(target_os = "linux", target_os = "android"))]
const REMOTE: &[u32] = &[
    0x0000_517b, // SMB
    0x0000_564c, // NCP
    0x0000_6969, // NFS
    0x00c3_6400, // Ceph
    0x0102_1997, // 9p
    0x0116_1970, // GFS2
    0x0bd0_0bd0, // Lustre
    0x1983_0326, // BeeGFS
    0x4750_4653, // GPFS
    0x5346_414f, // AFS of OpenAFS
    0x6573_5546, // FUSE, virtiofs
    0x6b41_4653, // AFS of the kernel
    0x7375_7245, // Coda
    0x7461_636f, // OCFS2
    0x786f_4256, // shared folders of VirtualBox
    0xaad7_aaea, // PanFS
    0xbacb_acbc, // shared folders of VMware
    0xfe53_4d42, // SMB2
    0xff53_4d42, // CIFS
];

/// Returns whether the file is on a network file system. `None` where the system does not say.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn has(path: &Path) -> io::Result<Option<bool>> {
    let kind = rustix::fs::statfs(path)?.f_type;
    // Its width differs between machines. Every number fits in 32 bits, some with the sign bit set.
    let kind = kind as u32;
    Ok(Some(REMOTE.contains(&kind)))
}

/// Returns whether the file is on a network file system. `None` where the system does not say.
#[cfg(target_vendor = "apple")]
pub(super) fn has(path: &Path) -> io::Result<Option<bool>> {
    /// `MNT_LOCAL` of `sys/mount.h`.
    const LOCAL: u32 = 0x1000;
    Ok(Some(rustix::fs::statfs(path)?.f_flags & LOCAL == 0))
}

/// Returns whether the file is on a network file system. `None` where the system does not say.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) fn has(_: &Path) -> io::Result<Option<bool>> {
    Ok(None)
}
