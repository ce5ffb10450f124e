using Larder.Inference.Limits;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Sandbox;
using Larder.Inference.Validation.Scanning;
using Microsoft.Extensions.Options;

namespace Larder.Inference.Validation;

/// <summary>
/// Decides whether a file is an ONNX model that can be served, and describes it: first by reading the file without loading it, then
/// by loading and running it in a sandbox (a child process). One for the application; calls may be concurrent.
/// </summary>
public sealed class ModelValidator : IAsyncDisposable
{
    private readonly ValidationLimits _limits;

    /// <summary>A validator with these limits. The child process starts with the first model.</summary>
    /// <exception cref="OptionsValidationException">A limit is wrong.</exception>
    public ModelValidator(ValidationLimits limits, TimeProvider? time = null)
    {
        new InferenceSettingsValidator().Check("Limits", limits);
        _limits = limits;
        Sandbox = new ValidationSandbox(limits, time ?? TimeProvider.System);
    }

    /// <summary>Session settings of models whose owner has set none.</summary>
    internal static SessionSettings DefaultSession { get; } = new();

    /// <summary>The sandbox, which also compiles.</summary>
    internal ValidationSandbox Sandbox { get; }

    /// <summary>Reads, loads and runs the model.</summary>
    /// <param name="path">The file. It must not change meanwhile.</param>
    /// <param name="cancellationToken">Stops the reading, or ends the child process.</param>
    /// <param name="caller">User who sent the file: the queue is fair between users.</param>
    /// <param name="dataFiles">Names of the files in its folder that came with it, and in which it may keep tensors; null for none.</param>
    /// <exception cref="InvalidModelException">The file is not a model that can be served; the message is a sentence for the user who uploaded it.</exception>
    /// <exception cref="ValidatorBusyException">Too many files are being validated.</exception>
    public async Task<ModelDescription> ValidateAsync(string path, CancellationToken cancellationToken, string caller = "", IReadOnlyList<string>? dataFiles = null)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var sizes = (dataFiles ?? []).ToDictionary(name => name, name => new FileInfo(Path.Combine(folder, name)).Length);
        var scan = await ScanAsync(path, cancellationToken, new ExternalFiles(sizes));
        var answer = await TryAsync(Path.GetFullPath(path), sizes.Values.Sum(), scan, caller, cancellationToken);
        return new ModelDescription
        {
            Signature = answer.Signature!,
            IrVersion = scan.IrVersion,
            Opsets = scan.Opsets,
            Producer = scan.Producer,
            Documentation = scan.Documentation,
            Metadata = scan.Metadata,
            RowsAreIndependent = answer.RowsAreIndependent,
            RefusesEmptyInputs = scan.RefusesEmptyInputs,
            TakesMissing = scan.TakesMissing,
            UsesExtensions = scan.UsesExtensions,
            HasRandomOperators = scan.HasRandomOperators,
        };
    }

    /// <summary>The names of the other files in which a model keeps tensors: what must come with it.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
    public async Task<IReadOnlyCollection<string>> DataFilesAsync(string path, CancellationToken cancellationToken) =>
        (await ScanAsync(path, cancellationToken, new ExternalFiles(null))).DataFiles;

    /// <summary>Ends the child processes.</summary>
    public ValueTask DisposeAsync() => Sandbox.DisposeAsync();

    /// <summary>Reads the file without loading it.</summary>
    /// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
    internal Task<OnnxScan> ScanAsync(string path, CancellationToken cancellationToken, ExternalFiles? files = null) => Task.Run(() => Scan(path, files, cancellationToken), cancellationToken);

    private async Task<SandboxAnswer> TryAsync(string path, long dataBytes, OnnxScan scan, string caller, CancellationToken cancellationToken)
    {
        if (!scan.RequiresRangeAnalysis)
            return await Sandbox.TryAsync(path, DefaultSession, folder: null, caller, cancellationToken, dataBytes, scan.UsesExtensions);
        var folder = Directory.CreateTempSubdirectory("larder-graph-");
        try
        {
            return await Sandbox.TryAsync(path, DefaultSession, folder.FullName, caller, cancellationToken, dataBytes, scan.UsesExtensions);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private OnnxScan Scan(string path, ExternalFiles? files, CancellationToken cancellationToken)
    {
        // The scanner has a buffer of its own.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return OnnxScanner.Scan(file, _limits, cancellationToken, files);
    }
}
