using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;

namespace Larder.Functions.Prediction;

/// <summary>What the body of a prediction may be, for the API's document. <see cref="PredictionBody"/> and <see cref="ImageBody"/> read it.</summary>
internal static class PredictionBodies
{
    /// <summary>Values, or an image in base64.</summary>
    public static readonly JsonBody<PredictionRequest> Values = new("{values:[...]}");

    /// <summary>A table with a header.</summary>
    public static readonly FileBody Csv = new(CsvOptions.MediaType);

    /// <summary>An image file.</summary>
    public static readonly FileBody Image = new("image/*", "application/octet-stream") { OrForm = true };
}
