using System.ComponentModel;
using Larder.Dashboard.Assets;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Dashboard;

/// <summary>The styles and scripts of the pages.</summary>
public sealed class PageAssets
{
    /// <summary>A file, by its name with a hash.</summary>
    [Function("UiAsset"), Requires(Role.None), Description("The styles and scripts of the pages.")]
    [Query, Answers(MediaType = "text/css")]
    public async Task<IActionResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/assets/{file}")] HttpRequest request, string file, CancellationToken cancellationToken)
    {
        var asset = AssetFiles.Find(file) ?? throw new NotFoundException("There is no such file: load the page again, which names the files of this release.");
        var headers = request.HttpContext.Response.Headers;
        headers.CacheControl = "public, max-age=31536000, immutable";
        headers.ETag = $"\"{asset.Name}\"";
        if (EntityTags.IsKnown(request, $"\"{asset.Name}\""))
            return new StatusCodeResult(StatusCodes.Status304NotModified);
        var response = request.HttpContext.Response;
        (response.ContentType, response.ContentLength) = (asset.ContentType, asset.Bytes.Length);
        await response.BodyWriter.WriteAsync(asset.Bytes, cancellationToken);
        return new EmptyResult();
    }
}
