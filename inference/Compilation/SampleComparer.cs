using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Validation;
using Larder.Inference.Validation.Sandbox;

namespace Larder.Inference.Compilation;

/// <summary>Sample inputs of a model with the outputs that are expected of it.</summary>
/// <param name="Values">Of each sample the <c>values</c> of a prediction, as JSON.</param>
/// <param name="Outputs">Of each sample an object with the expected outputs by name, as JSON; outputs that it does not name are not compared.</param>
/// <param name="Atol">Absolute tolerance of floating-point outputs: |output - expected| &lt;= atol + rtol * |expected|; NaN equals NaN.</param>
/// <param name="Rtol">Relative tolerance.</param>
public sealed record ExpectedSamples(IReadOnlyList<string> Values, IReadOnlyList<string> Outputs, double Atol, double Rtol);

/// <summary>Compares what a model answers to samples with what is expected, in the validator's sandbox, with its limits.</summary>
/// <param name="validator">Validator whose sandbox is used. The comparer does not dispose it.</param>
public sealed class SampleComparer(ModelValidator validator)
{
    /// <summary>Runs a model on samples, loaded with its own settings.</summary>
    /// <param name="path">Its file, which validation accepted.</param>
    /// <param name="model">The model.</param>
    /// <param name="features">The names of its columns, by which samples may be given.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="caller">User who asks: the queue is fair between users.</param>
    /// <param name="cancellationToken">Ends the child process.</param>
    /// <returns>A sentence with the first output that differs, where, what was expected and what came; or why a sample could not be run. Null when all are as expected.</returns>
    /// <exception cref="ValidatorBusyException">Too many models wait for the sandbox.</exception>
    public async Task<string?> DifferenceAsync(
        string path, ServableModel model, IReadOnlyList<Feature> features, ExpectedSamples samples, string caller, CancellationToken cancellationToken)
    {
        var request = new SampleRequest(model.Description.Signature, features, model.TakesMissing, samples.Values, samples.Outputs, samples.Atol, samples.Rtol, model.Description.UsesExtensions);
        try
        {
            var answer = await validator.Sandbox.CompareAsync(path, model.Settings.Session, request, caller, cancellationToken);
            return answer.IsSame ? null : answer.Reason;
        }
        catch (InvalidModelException failure)
        {
            return failure.Message;
        }
    }
}
