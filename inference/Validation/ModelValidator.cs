using Microsoft.Extensions.Options;

namespace Larder.Inference;

/// <summary>
/// Decides whether a file is an ONNX model that can be served, and learns what it is: first by reading the file without loading it, then
/// by loading and running it in a child process. One for the application; calls may be concurrent.
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
        Trial = new ModelTrial(limits, time ?? TimeProvider.System);
    }

    /// <summary>How models are loaded when their owner has set nothing.</summary>
    internal static SessionSettings DefaultSession { get; } = new();

    /// <summary>The child process, which compiles, too.</summary>
    internal ModelTrial Trial { get; }

    /// <summary>Reads, loads and runs the model.</summary>
    /// <param name="path">The file. Nobody may change it meanwhile.</param>
    /// <param name="cancellation">Stops the reading, or ends the child process.</param>
    /// <exception cref="InvalidModelException">The file is not a model that can be served; the message is a sentence for who uploaded it.</exception>
    /// <exception cref="ValidatorBusyException">Too many files are being validated.</exception>
    public async Task<ModelDescription> ValidateAsync(string path, CancellationToken cancellation)
    {
        var scan = await ScanAsync(path, cancellation);
        var trial = await TryAsync(Path.GetFullPath(path), scan, cancellation);
        return new ModelDescription
        {
            Signature = trial.Signature!,
            IrVersion = scan.IrVersion,
            Opsets = scan.Opsets,
            Producer = scan.Producer,
            Documentation = scan.Documentation,
            Metadata = scan.Metadata,
            RowsAreIndependent = trial.RowsAreIndependent,
            RefusesEmptyInputs = scan.RefusesEmptyInputs,
        };
    }

    /// <summary>Ends the child process.</summary>
    public ValueTask DisposeAsync() => Trial.DisposeAsync();

    /// <summary>Reads the file without loading it.</summary>
    /// <exception cref="InvalidModelException">The file is not a model that can be served.</exception>
    internal Task<OnnxScan> ScanAsync(string path, CancellationToken cancellation) => Task.Run(() => Scan(path, cancellation), cancellation);

    private async Task<TrialAnswer> TryAsync(string path, OnnxScan scan, CancellationToken cancellation)
    {
        if (!scan.NeedsProof)
            return await Trial.TryAsync(path, DefaultSession, folder: null, cancellation);
        var folder = Directory.CreateTempSubdirectory("larder-graph-");
        try
        {
            return await Trial.TryAsync(path, DefaultSession, folder.FullName, cancellation);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private OnnxScan Scan(string path, CancellationToken cancellation)
    {
        // The scanner has a buffer of its own.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return OnnxScanner.Scan(file, _limits, cancellation);
    }
}
