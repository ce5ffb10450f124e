using System.Text.Json;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Inference.Validation;
using Larder.Inference.Validation.Sandbox;

namespace Larder.Inference.Compilation;

/// <summary>
/// Optimises a model with ONNX Runtime, and compares the two: an optimised model is returned only if it gives the original's outputs on
/// every sample and can itself be served. Works in the validator's sandbox, with its limits. Calls may be concurrent.
/// </summary>
/// <param name="validator">Validator whose sandbox is used and that validates the optimised model. The compiler does not dispose it.</param>
public sealed class ModelCompiler(ModelValidator validator)
{
    private static readonly string[] Wrappers = ["inputs", "values"];

    /// <summary>Compiles a model. Failures caused by the model or a sample are in the result; exceptions are errors of the caller or the machine.</summary>
    /// <param name="path">The original, which validation accepted. It must not change meanwhile.</param>
    /// <param name="destination">Where the optimised model goes, in a folder that exists. Written only when <see cref="CompilationResult.IsSame"/>; a file in its place is replaced then.</param>
    /// <param name="signature">The original's inputs and outputs, as validation found them.</param>
    /// <param name="samples">
    /// What to compare on, each item as a prediction's <c>values</c> (<see cref="PredictionInputs.Read"/>): one observation or a batch, or an object by
    /// the inputs' names, also inside an object with nothing but <c>inputs</c> or <c>values</c>. Null or empty: samples are made up from the signature.
    /// </param>
    /// <param name="atol">Absolute tolerance of floating-point outputs: |optimised - original| &lt;= atol + rtol * |original|.</param>
    /// <param name="rtol">Relative tolerance.</param>
    /// <param name="cancellationToken">Ends the child process.</param>
    /// <param name="caller">User who sent the model: the queue is fair between users.</param>
    /// <exception cref="ArgumentOutOfRangeException">A tolerance is negative or not a number.</exception>
    /// <exception cref="IOException">The original, or the destination's folder, does not exist or cannot be read or written.</exception>
    /// <exception cref="ValidatorBusyException">Too many models wait for the sandbox.</exception>
    public async Task<CompilationResult> CompileAsync(
        string path, string destination, ModelSignature signature, IReadOnlyList<JsonElement>? samples, double atol, double rtol, CancellationToken cancellationToken, string caller = "")
    {
        CheckTolerance(atol, nameof(atol));
        CheckTolerance(rtol, nameof(rtol));
        var original = new FileInfo(path);
        if (!original.Exists)
            throw new FileNotFoundException("The model to compile does not exist.", path);
        destination = Path.GetFullPath(destination);
        if (!Directory.Exists(Path.GetDirectoryName(destination)))
            throw new DirectoryNotFoundException("The folder for the compiled model does not exist.");

        var texts = (samples ?? []).Select(sample => Unwrapped(sample, signature).GetRawText()).ToArray();
        var work = $"{destination}.{Guid.NewGuid():n}.partial";
        try
        {
            var request = new CompilationRequest(work, signature, texts, atol, rtol);
            var result = await CompileAsync(original, request, caller, cancellationToken);
            if (result.IsSame)
                File.Move(work, destination, overwrite: true);
            return result;
        }
        finally
        {
            File.Delete(work);
        }
    }

    private async Task<CompilationResult> CompileAsync(FileInfo original, CompilationRequest request, string caller, CancellationToken cancellationToken)
    {
        var result = new CompilationResult
        {
            IsSame = false,
            Reason = "",
            BytesBefore = original.Length,
            SamplesAreGenerated = request.Samples.Count == 0,
        };
        try
        {
            var scan = await validator.ScanAsync(original.FullName, cancellationToken);
            result = result with { NodesBefore = scan.Nodes };
            var answer = await validator.Sandbox.CompileAsync(original.FullName, ModelValidator.DefaultSession, request with { Extensions = scan.UsesExtensions }, caller, cancellationToken);
            result = result with { Reason = answer.Reason, Samples = answer.Samples, LargestDifference = answer.LargestDifference };
            return answer.IsSame ? await DescribedAsync(result, original.FullName, request, caller, cancellationToken) : result;
        }
        catch (InvalidModelException refusal)
        {
            return result with { Reason = refusal.Message };
        }
    }

    // The optimised model must pass the same validation as an upload.
    private async Task<CompilationResult> DescribedAsync(CompilationResult result, string original, CompilationRequest request, string caller, CancellationToken cancellationToken)
    {
        ModelDescription description;
        try
        {
            description = await validator.ValidateAsync(request.Destination, cancellationToken, caller);
        }
        catch (InvalidModelException refusal)
        {
            return result with { Reason = $"The optimised model cannot be served: {refusal.Message}" };
        }

        return result with
        {
            IsSame = true,
            Description = description,
            NodesAfter = (await validator.ScanAsync(request.Destination, cancellationToken)).Nodes,
            BytesAfter = new FileInfo(request.Destination).Length,
            IsUnchanged = await HaveSameBytesAsync(original, request.Destination, cancellationToken),
        };
    }

    private static async Task<bool> HaveSameBytesAsync(string one, string other, CancellationToken cancellationToken)
    {
        if (new FileInfo(one).Length != new FileInfo(other).Length)
            return false;
        await using var first = File.OpenRead(one);
        await using var second = File.OpenRead(other);
        byte[] a = new byte[1 << 16], b = new byte[1 << 16];
        int read;
        do
        {
            read = await first.ReadAtLeastAsync(a, a.Length, throwOnEndOfStream: false, cancellationToken);
            await second.ReadAtLeastAsync(b, b.Length, throwOnEndOfStream: false, cancellationToken);
            if (!a.AsSpan(0, read).SequenceEqual(b.AsSpan(0, read)))
                return false;
        }
        while (read == a.Length);
        return true;
    }

    // The wrapper of prediction bodies, unless an input has that name itself.
    private static JsonElement Unwrapped(JsonElement sample, ModelSignature signature)
    {
        if (sample.ValueKind != JsonValueKind.Object || sample.GetPropertyCount() != 1)
            return sample;
        var only = sample.EnumerateObject().Single();
        return Wrappers.Contains(only.Name) && signature.AllInputs.All(input => input.Name != only.Name) ? only.Value : sample;
    }

    private static void CheckTolerance(double tolerance, string name)
    {
        if (!(tolerance >= 0 && double.IsFinite(tolerance)))
            throw new ArgumentOutOfRangeException(name, tolerance, "A tolerance is a number from 0 on.");
    }
}
