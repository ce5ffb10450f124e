using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Testing.Arm;

/// <summary>A process that is treated as a container: when it ends, all that it started ends, however that has hidden itself.</summary>
internal sealed partial class ContainerProcess
{
    private const int Terminate = 15;
    private const int Kill = 9;

    // A process of .NET cannot begin a process group; Python can, and then becomes the command.
    private const string Launcher = """
        import os, sys
        os.setsid()
        try:
            os.execvp(sys.argv[1], sys.argv[1:])
        except OSError as error:
            print(f"{sys.argv[1]}: {error.strerror}", file=sys.stderr)
            os._exit(127)
        """;

    private readonly Process _process;
    private readonly string _folder;
    private readonly string _mark;
    private readonly int _id;

    private ContainerProcess(Process process, string folder, string mark)
    {
        (_process, _folder, _mark, _id) = (process, folder, mark, process.Id);
        Completion = CompleteAsync();
    }

    /// <summary>Ends with the exit code (128 + n after signal n) when nothing of it runs any more.</summary>
    public Task<int> Completion { get; }

    public static ContainerProcess Start(IEnumerable<string> command, IEnumerable<KeyValuePair<string, string>> environment, Action<string> log)
    {
        var mark = $"LARDER_ARM_CONTAINER={Guid.NewGuid():N}";
        var folder = Directory.CreateTempSubdirectory("arm-container-").FullName;
        var start = new ProcessStartInfo("python3")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in command.Prepend(Launcher).Prepend("-c"))
            start.ArgumentList.Add(argument);
        var path = start.Environment["PATH"];
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        start.Environment["HOME"] = folder;
        start.Environment["LANG"] = "C.UTF-8";

        // What a killed container leaves goes with its folder, as with a container's disk.
        start.Environment["TMPDIR"] = folder;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        start.Environment[mark.Split('=')[0]] = mark.Split('=')[1];

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Log(line.Data);
        process.ErrorDataReceived += (_, line) => Log(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ContainerProcess(process, folder, mark);

        void Log(string? line)
        {
            if (line is not null)
                log(line);
        }
    }

    /// <summary>Asks it to end, and ends it after a grace time.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        Signal(Terminate);
        await Task.WhenAny(Completion, Task.Delay(grace));
        Signal(Kill);
        await Completion;
    }

    private async Task<int> CompleteAsync()
    {
        // Not WaitForExitAsync: that waits for the output's end too, which a forgotten child holds open.
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.Exited += (_, _) => exited.TrySetResult();
        if (_process.HasExited)
            exited.TrySetResult();
        await exited.Task;
        Signal(Kill);
        KillMarked();
        await _process.WaitForExitAsync();
        var code = _process.ExitCode;
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
        return code;
    }

    private void Signal(int signal)
    {
        if (Completion is { IsCompleted: true })
            return;

        // Before the launcher has made the group, there is only the launcher.
        if (SendSignal(-_id, signal) != 0)
            _ = SendSignal(_id, signal);
    }

    // Those that began a group of their own; twice, since one may have started another meanwhile.
    private void KillMarked()
    {
        for (var round = 0; round < 2; round++)
        {
            foreach (var directory in Directory.EnumerateDirectories("/proc").Where(directory => char.IsAsciiDigit(Path.GetFileName(directory)[0])))
            {
                try
                {
                    if (File.ReadAllText(Path.Combine(directory, "environ")).Contains(_mark, StringComparison.Ordinal))
                        _ = SendSignal(int.Parse(Path.GetFileName(directory)), Kill);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    // Ended meanwhile, or another user's.
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
