/** What we call ourselves to servers. */
export const userAgent = 'imageset-controller';
