using System.ComponentModel;
using System.Diagnostics;

namespace Larder.Samples.Tests;

/// <summary>Runs samples/iris/train.py as a training job does: told by the environment where to read and write.</summary>
internal sealed class TrainingScript : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-samples-");

    public string Output => Path.Combine(_folder.FullName, "output");

    /// <summary>Writes a data set of the given lines, and gives its path.</summary>
    public async Task<string> Dataset(params IEnumerable<string> lines)
    {
        var path = Path.Combine(_folder.FullName, "data.csv");
        await File.WriteAllLinesAsync(path, lines);
        return path;
    }

    /// <summary>Exit code and what was written to standard error.</summary>
    public async Task<(int ExitCode, string Errors)> Run(string? dataset = null, string? model = null)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "python" : "python3", [Samples.Path("iris", "train.py")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["LARDER_OUTPUT_DIR"] = Output;
        start.Environment["LARDER_DATASET"] = dataset;
        start.Environment["LARDER_MODEL"] = model;

        using var process = Start(start);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await output;
        return (process.ExitCode, await errors);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"These tests need Python 3 as '{start.FileName}'.", missing);
        }
    }
}
