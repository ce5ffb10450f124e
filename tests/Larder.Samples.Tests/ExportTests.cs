using System.Diagnostics;
using System.Text.Json;
using Larder.Inference.Validation;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Samples.Tests;

/// <summary>The scripts of samples/onnx, each with its framework; ONNX Runtime answers what the framework answered.</summary>
public sealed class ExportTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-samples-");

    public void Dispose() => _folder.Delete(recursive: true);

    [FrameworkFact("sklearn")]
    public Task Scikit_learn_and_its_export_agree() => AssertAgreesAsync("from_sklearn.py", "linear", "forest");

    [FrameworkFact("xgboost")]
    public Task XGBoost_and_its_export_agree_also_where_values_are_missing() => AssertAgreesAsync("from_xgboost.py", "boosted");

    [FrameworkFact("torch")]
    public Task PyTorch_and_its_export_agree() => AssertAgreesAsync("from_pytorch.py", "network");

    private async Task AssertAgreesAsync(string script, params string[] models)
    {
        var (exitCode, errors) = await Python.RunAsync(Samples.Path("onnx", script), _folder.FullName);
        Assert.True(exitCode == 0, errors);

        await using var validator = new ModelValidator(new ValidationLimits());
        foreach (var model in models)
        {
            var path = Path.Combine(_folder.FullName, $"{model}.onnx");
            Assert.True((await validator.ValidateAsync(path, CancellationToken.None)).RowsAreIndependent);
            AssertAnswers(path, await File.ReadAllTextAsync(Path.Combine(_folder.FullName, $"{model}.expected.json")));
        }
    }

    private static void AssertAnswers(string model, string json)
    {
        using var expected = JsonDocument.Parse(json);
        var rows = expected.RootElement.GetProperty("values").EnumerateArray().Select(row => row.EnumerateArray().Select(Value).ToArray()).ToArray();
        using var session = new InferenceSession(model);
        using var input = OrtValue.CreateTensorValueFromMemory(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);
        using var outputs = session.Run(new RunOptions(), ["input"], [input], session.OutputNames);

        Assert.Equal(5, rows.Length);
        foreach (var (name, output) in session.OutputNames.Zip(outputs))
        {
            if (name == "label")
                Assert.Equal(expected.RootElement.GetProperty(name).EnumerateArray().Select(label => label.GetInt64()), output.GetTensorDataAsSpan<long>().ToArray());
            else
                Assert.Equal(expected.RootElement.GetProperty(name).EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(Value), output.GetTensorDataAsSpan<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-5f);
        }
    }

    private static float Value(JsonElement number) => number.ValueKind == JsonValueKind.Null ? float.NaN : number.GetSingle();
}

/// <summary>A test that needs a Python package and Python's onnx; skipped, with the reason, where these cannot be imported.</summary>
internal sealed class FrameworkFactAttribute : FactAttribute
{
    public FrameworkFactAttribute(string package)
    {
        if (!Python.Has(package))
            Skip = $"{Python.Program} cannot import {package} and onnx. On Debian: apt-get install python3-sklearn python3-xgboost python3-torch python3-onnx.";
    }
}

/// <summary>The system's Python, which sees the distribution's packages.</summary>
internal static class Python
{
    public static string Program { get; } = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : OperatingSystem.IsWindows() ? "python" : "python3";

    public static bool Has(string package) => RunAsync("-c", $"import onnx, {package}").GetAwaiter().GetResult().ExitCode == 0;

    /// <summary>Exit code, and what was written to standard error.</summary>
    public static async Task<(int ExitCode, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Program, ["-B", .. arguments]) { RedirectStandardError = true })!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }
}
