using System.Text;

namespace Larder.Functions.Tests.Training;

/// <summary>Looks for processes of jobs in /proc.</summary>
internal static class JobProcesses
{
    /// <summary>Those that were started with the marker of a task below a folder.</summary>
    public static IReadOnlyList<string> Marked(string folder) =>
        [.. All("environ").Where(process => $"\0{process.Content}".Contains($"\0LARDER_TASK={folder}/", StringComparison.Ordinal)).Select(process => process.Pid)];

    /// <summary>Those whose command line has an argument.</summary>
    public static IReadOnlyList<string> WithArgument(string argument) =>
        [.. All("cmdline").Where(process => process.Content.Split('\0').Contains(argument)).Select(process => process.Pid)];

    private static IEnumerable<(string Pid, string Content)> All(string file)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => Path.GetFileName(folder).All(char.IsAsciiDigit)))
        {
            string content;
            try
            {
                content = Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(folder, file)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended, or belongs to another user.
                continue;
            }

            yield return (Path.GetFileName(folder), content);
        }
    }
}
