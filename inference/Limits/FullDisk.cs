namespace Larder.Inference.Limits;

/// <summary>Recognises the errors of a full disk, for which .NET has no exception type.</summary>
public static class FullDisk
{
    // errno(3), as IOException has it on Unix: a full disk, and a quota that is used up (on Linux and on macOS).
    private const int NoSpace = 28;
    private const int LinuxQuota = 122;
    private const int MacQuota = 69;

    // Windows: ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL.
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Whether an exception says that there is no room for what was to be written.</summary>
    public static bool Is(Exception exception) => exception is IOException && (OperatingSystem.IsWindows()
        ? exception.HResult is WindowsHandleDiskFull or WindowsDiskFull
        : exception.HResult is NoSpace || exception.HResult == (OperatingSystem.IsMacOS() ? MacQuota : LinuxQuota));
}
