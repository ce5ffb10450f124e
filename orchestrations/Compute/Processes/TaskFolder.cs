using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary>A task's folder, <c>{root}/{job}/{attempt}/</c>. The files in it are those of <c>supervise.py</c>, which says what each is.</summary>
internal sealed class TaskFolder(string root, ComputeId id)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Which task's.</summary>
    public ComputeId Id => id;

    /// <summary>Its whole path.</summary>
    public string FullPath { get; } = Path.Combine(
        Path.GetFullPath(root),
        IsJob(id.Job) ? id.Job : throw new ArgumentException($"'{id.Job}' is no job's id.", nameof(id)),
        $"{(id.Attempt > 0 ? id.Attempt : throw new ArgumentException("Attempts count from 1.", nameof(id)))}");

    /// <summary>Whether there is one.</summary>
    public bool Exists => Directory.Exists(FullPath);

    /// <summary>Where the supervisor's program is.</summary>
    public string Supervisor => PathOf("supervise.py");

    /// <summary>All folders below a root.</summary>
    public static IEnumerable<TaskFolder> All(string root)
    {
        if (!Directory.Exists(root))
            yield break;
        foreach (var job in Directory.GetDirectories(root).Where(job => IsJob(Path.GetFileName(job))))
        {
            string[] attempts;
            try
            {
                attempts = Directory.GetDirectories(job);
            }
            catch (DirectoryNotFoundException)
            {
                continue;
            }

            foreach (var attempt in attempts)
            {
                if (int.TryParse(Path.GetFileName(attempt), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
                    yield return new TaskFolder(root, new ComputeId(Path.GetFileName(job), number));
            }
        }
    }

    /// <summary>Creates the folder with the supervisor's program. Only this user may read it: the command's files are confidential.</summary>
    public void Prepare(string program)
    {
        // Deleting another attempt removes the job's folder when it is empty, perhaps right now.
        for (var tries = 0; !Exists; tries++)
        {
            try
            {
                Directory.CreateDirectory(FullPath);
            }
            catch (DirectoryNotFoundException) when (tries < 100)
            {
            }
        }

        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(FullPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Write("supervise.py", program);
    }

    /// <summary>The supervisor's process; null before it has started.</summary>
    public TaskState? ReadState() => Read<TaskState>("state.json");

    /// <summary>How it ended; null when it has not.</summary>
    public TaskExit? ReadExit() => Read<TaskExit>("exit.json");

    /// <summary>Says how it ended, when the supervisor cannot.</summary>
    public void WriteExit(TaskExit exit) => Write("exit.json", JsonSerializer.Serialize(exit, Json));

    /// <summary>Leaves word that it is to end.</summary>
    public void WriteStop()
    {
        try
        {
            using (File.Create(PathOf("stop")))
            {
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Deleted meanwhile: that ends it too.
        }
    }

    /// <summary>The supervisor's input.</summary>
    public static byte[] ToJson<T>(T specification) => JsonSerializer.SerializeToUtf8Bytes(specification, Json);

    /// <summary>The last of its output.</summary>
    public async Task<byte[]> ReadOutputAsync(int most, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(PathOf("output.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(-Math.Min(most, file.Length), SeekOrigin.End);
            var content = new byte[most];
            return content[..await file.ReadAtLeastAsync(content, most, throwOnEndOfStream: false, cancellationToken)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Removes it with everything in it, and the job's folder when nothing else is there.</summary>
    /// <exception cref="IOException">Something cannot be removed.</exception>
    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        // Not by .NET: it has no way to names that are no UTF-8, nor to paths that are longer than a path may be.
        if (Exists)
            await RunAsync("rm", ["-rf", "--", FullPath], cancellationToken);
        if (Exists)
        {
            // Folders that their owner closed.
            await RunAsync("chmod", ["-R", "u+rwx", "--", FullPath], cancellationToken);
            await RunAsync("rm", ["-rf", "--", FullPath], cancellationToken);
        }

        if (Exists)
            throw new IOException($"Not all files of job {id.Job}, attempt {id.Attempt}, could be removed.");
        try
        {
            Directory.Delete(Path.GetDirectoryName(FullPath)!);
        }
        catch (IOException)
        {
            // Gone already, or another attempt is there.
        }
    }

    private static bool IsJob(string name) => name.Length is > 0 and <= 40 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));

    private static async Task RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
    }

    private string PathOf(string name) => Path.Combine(FullPath, name);

    private T? Read<T>(string name)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(PathOf(name)), Json);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Write(string name, string content)
    {
        var temporary = PathOf($"{name}.{Guid.NewGuid():N}");
        File.WriteAllText(temporary, content);
        File.Move(temporary, PathOf(name), overwrite: true);
    }
}
