using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Prediction;

/// <summary>The prediction endpoint: values as JSON, or one image.</summary>
public sealed class Predict(
    ModelCatalog catalog,
    SessionCache sessions,
    PredictionBody values,
    ImageBody images,
    PredictionResponse answers,
    PredictionMetrics metrics)
{
    // The answer is written before the function returns; this says that there is nothing more to write.
    private static readonly EmptyResult Sent = new();

    /// <summary>Runs a model on the request's values or image.</summary>
    [Function("Predict"), Requires(Role.Predictor), Description("Predict: {\"values\": ...}, or an image.")]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "api/v1/models/{reference}/prediction")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var began = metrics.Begin();
        ResolvedModel? model = null;
        try
        {
            model = await catalog.ResolveAsync(reference, cancellationToken);
            using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
            PredictionOutputs result;
            using (var inputs = lease.Model.RentInputs())
            {
                if (ImageBody.IsImage(request))
                    await images.ReadAsync(request, lease.Model, inputs, cancellationToken);
                else
                    await values.ReadAsync(request, inputs, lease.Model.Signature, cancellationToken);
                result = await lease.Model.RunAsync(inputs, cancellationToken);
            }

            // However slowly the answer is read, the inputs' memory is another's by then.
            using var outputs = result;
            await answers.SendAsync(request.HttpContext.Response, model, outputs, cancellationToken);
            metrics.End(began, model, StatusCodes.Status200OK);
            return Sent;
        }
        catch (Exception exception)
        {
            metrics.End(began, model, Dialect.ModelApi.StatusOf(ErrorKinds.Of(exception)));
            throw;
        }
    }
}
